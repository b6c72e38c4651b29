import { HashingEmbedder } from '../adapters/hashing-embedder.ts'
import type { Passage } from './splitters.ts'

/** Prepares passages for being searched. A search gives the best first, and as many as anybody looks at. */
export type Ranking = (passages: readonly Passage[]) => Promise<(query: string) => Promise<Passage[]>>

const DEPTH = 200
/** As in Anserini, and in the corpus' own baseline. */
const [K1, B] = [0.9, 0.4]

/** Okapi BM25 (Robertson and Zaragoza, «The Probabilistic Relevance Framework: BM25 and Beyond», 2009). */
export function bm25Search(passages: readonly Passage[]): (query: string) => Passage[] {
  const postings = postingsOf(passages)
  return (query) => {
    const scores = new Map<number, number>()
    for (const term of terms(query)) {
      const found = postings.get(term) ?? []
      const idf = Math.log(1 + (passages.length - found.length + 0.5) / (found.length + 0.5))
      for (const { passage, weight } of found) scores.set(passage, (scores.get(passage) ?? 0) + idf * weight)
    }
    return best(passages, scores)
  }
}

export const bm25: Ranking = async (passages) => {
  const search = bm25Search(passages)
  return async (query) => search(query)
}

type Posting = { readonly passage: number; readonly weight: number }

/** The passages of each term, with its weight in them but for its rarity. */
function postingsOf(passages: readonly Passage[]): Map<string, Posting[]> {
  const found = passages.map(({ text }) => terms(text))
  const average = found.flat().length / passages.length
  const postings = new Map<string, Posting[]>()
  for (const [passage, { length }, counts] of found.map((each, i) => [i, each, countsOf(each)] as const))
    for (const [term, count] of counts) {
      const weight = (count * (K1 + 1)) / (count + K1 * (1 - B + (B * length) / average))
      const list = postings.get(term)
      if (list) list.push({ passage, weight })
      else postings.set(term, [{ passage, weight }])
    }
  return postings
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
