import { fusedScores } from '../domain/fuse-rankings.ts'
import type { Rated } from './search-bench.ts'

/** What is to be fused, of one question. */
export type Pool = readonly Rated[]

/** How much a candidate is worth, with a weight for words from 0 (embeddings alone) to 1 (words alone). */
export type Fusion = (pool: Pool, weight: number) => number[]

type Normalise = (values: readonly number[]) => number[]

const worth = (values: readonly number[], floor: number, ceiling: number) =>
  values.map((value) => (ceiling > floor ? (value - floor) / (ceiling - floor) : 1))

const minMax: Normalise = (values) => worth(values, Math.min(...values), Math.max(...values))
const shareOfBest: Normalise = (values) => worth(values, 0, Math.max(0.7, ...values))
/** From the least that a cosine can be. */
const theoretical: Normalise = (values) => worth(values, -1, Math.max(...values))
const asIs: Normalise = (values) => [...values]

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

const reciprocal =
  (k: number): Normalise =>
  (values) => {
    const order = values.map((_, i) => i).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0))
    const ranks: number[] = []
    for (const [rank, i] of order.entries()) ranks[i] = rank + 1
    return values.map((value, i) => (value > 0 ? 1 / (k + (ranks[i] ?? 0)) : 0))
  }

const cosines = (pool: Pool) => pool.map(({ score }) => score)
const bm25s = (pool: Pool) => pool.map(({ keywordScore }) => keywordScore ?? 0)

const sum =
  (dense: Normalise, words: Normalise, weigh: (pool: Pool, weight: number) => number = (_, weight) => weight): Fusion =>
  (pool, weight) => {
    const [meant, worded, share] = [dense(cosines(pool)), words(bm25s(pool)), weigh(pool, weight)]
    return meant.map((value, i) => share * (worded[i] ?? 0) + (1 - share) * value)
  }

/** The odds of the weight, so many times as large. */
const oddsTimes = (weight: number, factor: number) => (weight * factor) / (weight * factor + (1 - weight) || 1)

/** By how much the best one stands out from the ten best. */
function sharpness(values: readonly number[]): number {
  const [best = 0, ...others] = values.toSorted((a, b) => b - a).slice(0, 10)
  return best > 0 ? 1 - total(others) / (others.length || 1) / best : 0
}

const bySharpness = (pool: Pool, weight: number) =>
  oddsTimes(weight, sharpness(shareOfBest(bm25s(pool))) / (sharpness(minMax(cosines(pool))) || 0.01))

export const WITHOUT_BONUS: Fusion = (pool, weight) => fusedScores(pool, weight, 0)

/** The product's has a bonus for all words, too. */
export const OURS = 'the product’s'

export const FUSIONS: Readonly<Record<string, Fusion>> = {
  'min–max and share of the best': sum(minMax, shareOfBest),
  'both min–max': sum(minMax, minMax),
  'theoretical minimum and share of the best': sum(theoretical, shareOfBest),
  'cosine as it is and share of the best': sum(asIs, shareOfBest),
  [OURS]: fusedScores,
  'both by mean and deviation': WITHOUT_BONUS,
  'reciprocal ranks, k = 60': sum(reciprocal(60), reciprocal(60)),
  'reciprocal ranks, k = 10': sum(reciprocal(10), reciprocal(10)),
  'reciprocal ranks, k = 5': sum(reciprocal(5), reciprocal(5)),
  'min–max and share, by sharpness': sum(minMax, shareOfBest, bySharpness),
}

export function fusionNamed(name: string): Fusion {
  const fusion = FUSIONS[name]
  if (!fusion) throw new RangeError(`no fusion ${name}; there are ${Object.keys(FUSIONS).join(', ')}`)
  return fusion
}
