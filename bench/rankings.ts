import { HashingEmbedder } from '../adapters/hashing-embedder.ts'
import type { Passage } from './splitters.ts'

/** Prepares passages for being searched. A search gives the best first, and as many as anybody looks at. */
export type Ranking = (passages: readonly Passage[]) => Promise<(query: string) => Promise<Passage[]>>

const DEPTH = 200
/** As in Anserini, and in the corpus' own baseline. */
const [K1, B] = [0.9, 0.4]

/** Okapi BM25 (Robertson and Zaragoza, «The Probabilistic Relevance Framework: BM25 and Beyond», 2009). */
export const bm25: Ranking = async (passages) => {
  const frequencies = passages.map(({ text }) => countsOf(terms(text)))
  const lengths = frequencies.map((counts) => counts.values().reduce((sum, count) => sum + count, 0))
  const average = lengths.reduce((sum, length) => sum + length, 0) / passages.length
  const postings = new Map<string, [passage: number, count: number][]>()
  for (const [passage, counts] of frequencies.entries())
    for (const [term, count] of counts) {
      const list = postings.get(term)
      if (list) list.push([passage, count])
      else postings.set(term, [[passage, count]])
    }
  return async (query) => {
    const scores = new Map<number, number>()
    for (const term of terms(query)) {
      const list = postings.get(term) ?? []
      const idf = Math.log(1 + (passages.length - list.length + 0.5) / (list.length + 0.5))
      for (const [passage, count] of list) {
        const norm = K1 * (1 - B + (B * (lengths[passage] ?? 0)) / average)
        scores.set(passage, (scores.get(passage) ?? 0) + (idf * count * (K1 + 1)) / (count + norm))
      }
    }
    return best(passages, scores)
  }
}

/** By the product's own embedder, which needs no model. */
export const hashing: Ranking = async (passages) => {
  const embedder = new HashingEmbedder({ dimensions: 1_024 })
  const vectors = await embedder.embed(passages.map(({ text }) => text))
  return async (query) => {
    const [asked = new Float32Array()] = await embedder.embed([query])
    return best(passages, new Map(vectors.map((vector, passage) => [passage, dot(asked, vector)])))
  }
}

const best = (passages: readonly Passage[], scores: ReadonlyMap<number, number>): Passage[] =>
  [...scores]
    .sort(([, a], [, b]) => b - a)
    .slice(0, DEPTH)
    .flatMap(([passage]) => passages[passage] ?? [])

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}

const TERM = /[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]|[\p{L}\p{N}]+/gu
const UNSPACED = /^[\u0e00-\u9fff]$/

/** Words, and pairs of characters where a script has no spaces. */
function terms(text: string): string[] {
  const found = text.normalize('NFKC').toLowerCase().match(TERM) ?? []
  return found.flatMap((term, i) => {
    if (!UNSPACED.test(term)) return [term]
    const next = found[i + 1]
    return next?.length === 1 ? [term + next] : []
  })
}

function countsOf(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}
