import { fusionNamed, OURS, WITHOUT_BONUS } from './fusions.ts'
import { judge } from './judge-search.ts'
import type { Row } from './search-rows.ts'
import type { Asked } from './weight-curves.ts'
import { best, curveOf } from './weight-curves.ts'

/** What the product has, by what was chosen on the even questions, on the odd ones. */
export function reportOddHalf(name: string, asked: readonly Asked[]): void {
  const curve = curveOf(asked, fusionNamed(OURS))
  const weight = best(asked, curve, ({ isOdd }) => !isOdd)
  process.stdout.write(`\n${name}: chosen on the even questions: ${weight}; on the odd ones:\n\n`)
  const row = (label: string, values: readonly number[]): Row => ({
    name: label,
    answers: asked.flatMap(({ question: { set }, isOdd }, i) =>
      isOdd ? [{ set, isOdd, scores: { ndcg: values[i] ?? 0, recall: 0, found: 0, covered: undefined } }] : [],
    ),
  })
  const without = curveOf(asked, WITHOUT_BONUS)
  const rows = [
    row(
      'BM25, evaluate.py',
      asked.map(({ bm25 }) => bm25),
    ),
    row(`keyword, ${name}`, without.get(1) ?? []),
    row(`dense, ${name}`, without.get(0) ?? []),
    row(`hybrid, ${name}`, curve.get(weight) ?? []),
  ]
  judge(rows, (text) => process.stdout.write(`${text}\n`))
}
