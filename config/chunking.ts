import type { Reader } from './reader.ts'

export type ChunkingConfig = { readonly maxTokens: number; readonly overlapTokens: number }

export const chunking = (from: Reader): ChunkingConfig => ({
  maxTokens: from.integer('CHUNK_TOKENS', 400, { min: 32, max: 8_192 }),
  overlapTokens: from.integer('CHUNK_OVERLAP_TOKENS', 80, { min: 0, max: 4_096 }),
})
