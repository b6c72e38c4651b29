import type { Row } from './search-rows.ts'
import { meanOf, meanOfSets, setsOf } from './search-rows.ts'

/** Hybrid search is not below the better of the two on any set, by more than questions so few can tell, and above BM25 on average. */
const [TOLERANCE, GAIN] = [0.01, 0.03]

/**
 * Says for each embedder whether the aims (nDCG@10) are met. On a set BM25 is the better of evaluate.py's and of the product's own words.
 * @returns whether all are
 */
export function judge(rows: readonly Row[], line: (text: string) => void): boolean {
  const named = (name: string) => rows.find((row) => row.name === name)
  const bm25 = named('BM25, evaluate.py')
  let isMet = true
  const say = (what: string, found: number, aim: number) => {
    isMet &&= found >= aim
    line(`${found >= aim ? '✅' : '❌'} ${what}: ${found.toFixed(3)}, the aim is ${aim.toFixed(3)}`)
  }
  for (const { name } of rows) {
    const [, embedder] = /^hybrid, (.*)$/.exec(name) ?? []
    const [hybrid, dense, words] = [named(name), named(`dense, ${embedder}`), named(`keyword, ${embedder}`)]
    if (!hybrid || !dense || !words || !bm25) continue
    for (const set of setsOf([hybrid])) {
      const on = (row: Row) => meanOf(row, 'ndcg', (each) => each.set === set)
      say(`${name}, on ${set}`, on(hybrid), Math.max(on(bm25), on(words), on(dense)) - TOLERANCE)
    }
    say(`${name}, mean of the sets`, meanOfSets(hybrid, 'ndcg'), meanOfSets(bm25, 'ndcg') + GAIN)
    say(`${name}, all questions`, meanOf(hybrid, 'ndcg'), meanOf(bm25, 'ndcg') + GAIN)
  }
  return isMet
}
