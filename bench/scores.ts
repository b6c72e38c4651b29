import type { Question, Relevant } from './retrieval-set.ts'
import type { Passage } from './splitters.ts'

/** `ndcg` and `recall` at ten passages; `found` and `covered` in the first 4,000 tokens of passages. All from 0 to 1. */
export type Scores = {
  readonly ndcg: number
  readonly recall: number
  /** The share of relevant items hit. */
  readonly found: number
  /** The share of the relevant spans' characters that are there to be read; undefined where whole files are relevant. */
  readonly covered: number | undefined
}

const TOP = 10
/** About what a prompt of a chat spends on them. */
const BUDGET = 4_000

export function scoresOf({ relevant }: Question, ranked: readonly Passage[]): Scores {
  const { gained, missed } = hits(relevant, ranked.slice(0, TOP))
  const ideal = discounted(relevant.map(gainOf).sort((a, b) => b - a)).slice(0, TOP)
  const affordable = withinBudget(ranked)
  return {
    ndcg: Math.min(1, sum(discounted(gained)) / sum(ideal)),
    recall: 1 - missed / relevant.length,
    found: 1 - hits(relevant, affordable).missed / relevant.length,
    covered: covered(relevant, affordable),
  }
}

/** As the corpus' evaluate.py does it: the gain at each rank, where an item is credited once, at its first hit. */
function hits(relevant: readonly Relevant[], ranked: readonly Passage[]): { gained: number[]; missed: number } {
  let left = relevant
  const gained = ranked.map((passage) => {
    const hit = left.filter((item) => isHit(passage, item))
    left = left.filter((item) => !hit.includes(item))
    return Math.max(0, ...hit.map(gainOf))
  })
  return { gained, missed: left.length }
}

function isHit(passage: Passage, item: Relevant): boolean {
  if (passage.file !== item.file || item.start === undefined || item.end === undefined)
    return passage.file === item.file
  const shared = Math.min(passage.end, item.end) - Math.max(passage.start, item.start)
  return shared >= 0.5 * Math.min(item.end - item.start, passage.end - passage.start)
}

const gainOf = ({ gain = 1 }: Relevant) => gain

const discounted = (gains: readonly number[]) => gains.map((gain, rank) => (2 ** gain - 1) / Math.log2(rank + 2))

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

function withinBudget(ranked: readonly Passage[]): readonly Passage[] {
  let spent = 0
  const tooMuch = ranked.findIndex(({ tokens }) => {
    spent += tokens
    return spent > BUDGET
  })
  return tooMuch < 0 ? ranked : ranked.slice(0, tooMuch)
}

function covered(relevant: readonly Relevant[], passages: readonly Passage[]): number | undefined {
  let [there, all] = [0, 0]
  for (const { file, start, end } of relevant) {
    if (start === undefined || end === undefined) return undefined
    const seen = new Uint8Array(end - start)
    for (const passage of passages.filter((each) => each.file === file))
      seen.fill(1, Math.max(0, passage.start - start), Math.max(0, passage.end - start))
    there += sum([...seen])
    all += end - start
  }
  return there / all
}
