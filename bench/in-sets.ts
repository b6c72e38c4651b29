import type { Question } from './retrieval-set.ts'

/** Questions with their numbers in their sets: the halves are those of each set. */
export function inSets(questions: readonly Question[]): [number, Question][] {
  const counts = new Map<string, number>()
  return questions.map((question) => {
    const n = counts.get(question.set) ?? 0
    counts.set(question.set, n + 1)
    return [n, question]
  })
}
