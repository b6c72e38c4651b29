import type { Candidate } from './ports.ts'

/** `score`: from 0 to 1, and comparable within one answer only. */
export type Fused = Candidate & { readonly fusedScore: number }

/**
 * `semantic`: what was best with MiniLM, the only model measured, on every second question of the set, by a script that was not kept.
 * `lexical`: judgement; the best in the same comparison was 0.95. docs/decisions/search.md has both.
 */
export const KEYWORD_WEIGHT = { semantic: 0.6, lexical: 0.9 } as const

/** BM25 of one word that half of the texts have: what is below says as good as nothing, and must not count as the best there is. */
const LEAST_KEYWORD_SCORE = 0.7

/**
 * Two rankings as one, best first: the weighted sum of both scores, each brought to 0…1 by those of this very question (min–max for the
 * cosine, whose range is the model's; for BM25 a share of the best, since its 0 means something).
 *
 * Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009) was compared with it, and found no more: docs/decisions/search.md.
 */
export function fuseRankings(candidates: readonly Candidate[], keywordWeight: number): Fused[] {
  const cosines = candidates.map(({ score }) => score)
  const [worst, best] = [Math.min(...cosines), Math.max(...cosines)]
  const bestKeyword = Math.max(LEAST_KEYWORD_SCORE, ...candidates.map(({ keywordScore }) => keywordScore ?? 0))
  return candidates
    .map((candidate) => {
      const dense = best > worst ? (candidate.score - worst) / (best - worst) : 1
      const keyword = (candidate.keywordScore ?? 0) / bestKeyword
      return { ...candidate, fusedScore: keywordWeight * keyword + (1 - keywordWeight) * dense }
    })
    .sort((a, b) => b.fusedScore - a.fusedScore || b.score - a.score)
}
