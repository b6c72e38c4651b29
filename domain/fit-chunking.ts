import type { ChunkSizes } from './chunking.ts'
import type { Embedder } from './ports.ts'

type Limits = Pick<Embedder['limits'], 'tokensPerInput'>

/** How many tokens the text of a chunk may have, so that nothing of what is embedded is cut off. `before`: of what is put before each text. */
const textBudget = ({ tokensPerInput }: Limits, before = 0): number => tokensPerInput - before

/** The sizes that are wanted, as far as the model takes them. */
export const fitChunking = ({ maxTokens, overlapTokens }: ChunkSizes, limits: Limits): ChunkSizes => ({
  maxTokens: Math.min(maxTokens, textBudget(limits)),
  overlapTokens,
})
