import type { Embedder } from '../../../domain/ports.ts'

export type EmbedderCheck = {
  readonly model: string
  readonly dimensions: number
  readonly tokensPerInput: number
  /** Cosine similarities, of sentences that say nearly the same, and of two that do not. */
  readonly alike: number
  readonly unlike: number
  readonly passagesPerSecond: number
}

const SENTENCE = 'A cat sleeps on the sofa in the living room.'
const ALIKE = 'A kitten is napping on the couch.'
const UNLIKE = 'The central bank raised its interest rates by half a percent.'

const PASSAGE_TOKENS = 150
/** A second's work for one core, or less. */
const PASSAGES = 24

/** Embeds some sentences, in so many calls at a time. @throws Error where their vectors are not what vectors of an embedding model are */
export async function checkEmbedder(embedder: Embedder, threads: number): Promise<EmbedderCheck> {
  const { model, dimensions } = embedder
  const vectors = await embedder.embed([SENTENCE, ALIKE, UNLIKE])
  const [sentence, alike, unlike] = vectors
  if (!sentence || !alike || !unlike) throw new Error(`${model} gave ${vectors.length} vectors for 3 sentences.`)
  for (const vector of vectors)
    if (Math.abs(dot(vector, vector) - 1) > 0.001)
      throw new Error(`${model} gave a vector that is not of length 1. Are its files whole?`)
  const check = { alike: dot(sentence, alike), unlike: dot(sentence, unlike) }
  if (check.alike <= check.unlike)
    throw new Error(
      `${model} finds "${UNLIKE}" as near to "${SENTENCE}" as "${ALIKE}", so it is no model of what texts mean, or it is damaged.`,
    )
  const { tokensPerInput } = embedder.limits
  return { model, dimensions, tokensPerInput, ...check, passagesPerSecond: await speed(embedder, threads) }
}

async function speed(embedder: Embedder, threads: number): Promise<number> {
  // So that each thread has loaded the model.
  await Promise.all(Array.from({ length: threads }, () => embedder.embed([SENTENCE])))
  const sentences = Math.max(1, Math.round(PASSAGE_TOKENS / embedder.countTokens(SENTENCE)))
  const passage = Array.from({ length: sentences }, () => SENTENCE).join(' ')
  const passages = Array.from({ length: PASSAGES }, () => passage)
  const start = performance.now()
  await embedder.embed(passages)
  return (1_000 * PASSAGES) / (performance.now() - start)
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
