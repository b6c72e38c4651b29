import type { Passage } from './splitters.ts'

const [VOCABULARY, WORDS, BATCH, SEED] = [50_000, 150, 5_000, 7]

/** Mulberry32, so that every run has the same texts. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const random = randomFrom(SEED)

/** Few words are common, most are rare, about as in a language. */
const word = () => `w${Math.floor(VOCABULARY ** random()).toString(36)}`

const text = (words: number) => Array.from({ length: words }, word).join(' ')

export function* syntheticChunks(size: number): Generator<Passage[]> {
  for (let start = 0; start < size; start += BATCH)
    yield Array.from({ length: Math.min(BATCH, size - start) }, (_, i) => ({
      ...{ file: `file-${Math.floor((start + i) / 20)}`, start: 0, end: 0 },
      ...{ text: text(WORDS), tokens: WORDS },
    }))
}

export const syntheticQuery = () => text(8)
