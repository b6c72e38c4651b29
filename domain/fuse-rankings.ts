import type { Candidate } from './ports.ts'

type Rated = Pick<Candidate, 'score' | 'keywordScore' | 'coverage'>
/** `score`: from 0 to 1, and comparable within one answer only. */
export type Fused = Candidate & { readonly fusedScore: number }

/**
 * How much words weigh, from 0 to 1. `semantic`: chosen with MiniLM; `lexical`: with `hashing`, which sees the same words as BM25, only less
 * clearly. Both by bench/fusion.ts on one half of its questions; docs/decisions/search.md has what it says of the other half.
 */
export const KEYWORD_WEIGHT = { semantic: 0.6, lexical: 0.85 } as const

/**
 * What a passage gains that has all words of the question, in standard deviations, and how soon less of them is worth nothing: an eighth fewer
 * is worth a third. So a sentence finds its page among pages that are alike but for one word, which BM25 rates below the others said twice.
 */
const COVERAGE = { bonus: 3, exponent: 8 } as const

/**
 * The least deviations that count: less of BM25 is what a word makes that half of the texts have, and less of the cosine is chance. Neither
 * must look like the difference of good and bad.
 */
const LEAST_DEVIATION = { words: 0.5, cosine: 0.01 }

/** Two rankings as one, best first. */
export function fuseRankings(candidates: readonly Candidate[], keywordWeight: number): Fused[] {
  const fused = fusedScores(candidates, keywordWeight)
  return candidates
    .map((candidate, i) => ({ ...candidate, fusedScore: fused[i] ?? 0 }))
    .sort((a, b) => b.fusedScore - a.fusedScore || b.score - a.score)
}

/**
 * The weighted sum of both scores, and the bonus for all words, each score as the number of standard deviations from its mean over the candidates of this very question: so a
 * ranking in which one candidate stands out counts for more than one in which all are about the same, whatever the model's range of cosines.
 * A convex combination of normalised scores, as Bruch, Gai and Ingber compare them («An Analysis of Fusion Functions for Hybrid Retrieval»,
 * 2023). Between 0 and 1 by the logistic function, which changes no order.
 */
export function fusedScores(
  candidates: readonly Rated[],
  keywordWeight: number,
  bonus: number = COVERAGE.bonus,
): number[] {
  const words = standardised(
    candidates.map(({ keywordScore }) => keywordScore ?? 0),
    LEAST_DEVIATION.words,
  )
  const cosines = standardised(
    candidates.map(({ score }) => score),
    LEAST_DEVIATION.cosine,
  )
  return candidates.map(({ coverage }, i) =>
    logistic(
      keywordWeight * (words[i] ?? 0) + (1 - keywordWeight) * (cosines[i] ?? 0) + bonus * coverage ** COVERAGE.exponent,
    ),
  )
}

function standardised(values: readonly number[], leastDeviation: number): number[] {
  const mean = meanOf(values)
  const deviation = Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)))
  return values.map((value) => (value - mean) / Math.max(deviation, leastDeviation))
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / (values.length || 1)

const logistic = (value: number) => 1 / (1 + Math.exp(-value))
