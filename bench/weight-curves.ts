import type { Fusion, Pool } from './fusions.ts'
import type { Question } from './retrieval-set.ts'
import { scoresOf } from './scores.ts'

export type Asked = { readonly question: Question; readonly isOdd: boolean; readonly pool: Pool; readonly bm25: number }
/** nDCG@10 of each question, in the order of `Asked`, by weight. */
export type Curve = ReadonlyMap<number, readonly number[]>

/** By how much these questions cannot tell: one of twenty moves the mean of the sets by up to 0.006. */
const UNTOLD = 0.01
const WEIGHTS = Array.from({ length: 21 }, (_, i) => i / 20)

export const curveOf = (asked: readonly Asked[], fusion: Fusion): Curve =>
  new Map(WEIGHTS.map((weight) => [weight, asked.map((each) => ndcg(each, fusion(each.pool, weight)))]))

function ndcg({ question, pool }: Asked, worths: readonly number[]): number {
  const order = pool.map((_, i) => i)
  order.sort((a, b) => (worths[b] ?? 0) - (worths[a] ?? 0) || (pool[b]?.score ?? 0) - (pool[a]?.score ?? 0))
  const top = order.slice(0, 10).flatMap((i) => pool[i]?.passage ?? [])
  return scoresOf(question, top).ndcg
}

/** The mean of the sets' means, so that each kind of question counts the same; of the questions that are picked. */
export function mean(asked: readonly Asked[], values: readonly number[], pick: (each: Asked) => boolean): number {
  const bySet = new Map<string, number[]>()
  for (const [i, each] of asked.entries()) {
    if (!pick(each)) continue
    const list = bySet.get(each.question.set) ?? []
    list.push(values[i] ?? 0)
    bySet.set(each.question.set, list)
  }
  const means = [...bySet.values()].map((list) => list.reduce((sum, value) => sum + value, 0) / list.length)
  return means.reduce((sum, value) => sum + value, 0) / means.length
}

/**
 * The rule by which the product's weights are chosen, on the even questions: the middle of the weights that are as good as the best; of two
 * the lower, since embeddings find what shares no words. The best itself may be the edge beyond which it gets worse.
 */
export function best(asked: readonly Asked[], curve: Curve, pick: (each: Asked) => boolean): number {
  const rated = WEIGHTS.map((weight) => [weight, mean(asked, curve.get(weight) ?? [], pick)] as const)
  const most = Math.max(...rated.map(([, value]) => value))
  const asGood = rated.filter(([, value]) => value >= most - UNTOLD)
  return asGood[Math.floor((asGood.length - 1) / 2)]?.[0] ?? 0
}
