import type { Scores } from './scores.ts'

/** What a question of a set got. Odd ones are a half by themselves. */
export type Answer = { readonly set: string; readonly isOdd: boolean; readonly scores: Scores }
/** All answers of one way to search. */
export type Row = { readonly name: string; readonly answers: readonly Answer[] }

type Measure = 'ndcg' | 'recall'
type Pick = (answer: Answer) => boolean

export const setsOf = (rows: readonly Row[]) => [
  ...new Set(rows.flatMap(({ answers }) => answers.map(({ set }) => set))),
]

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

export const meanOf = ({ answers }: Row, measure: Measure, pick: Pick = () => true) =>
  mean(answers.filter(pick).map(({ scores }) => scores[measure]))

/** Each set counts the same, however many questions it has. */
export const meanOfSets = (row: Row, measure: Measure, pick: Pick = () => true) =>
  mean(setsOf([row]).map((set) => meanOf(row, measure, (each) => each.set === set && pick(each))))
