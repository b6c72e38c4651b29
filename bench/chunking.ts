/**
 * Compares ways to cut text into chunks by what is found with them, on the retrieval set of the corpus.
 *
 *   node bench/chunking.ts [--sizes 200,400] [--overlaps 0,10] [--collections] [--results <folder>]
 *
 * Sizes are in tokens, overlaps in per cent of them; scores.ts says what is measured. --collections prints a row for each
 * set of questions too; --results keeps what was found, a file each, for the corpus' own evaluate.py --run.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Ranking } from './rankings.ts'
import { bm25, hashing } from './rankings.ts'
import type { Document, Question } from './retrieval-set.ts'
import { retrievalSet } from './retrieval-set.ts'
import type { Scores } from './scores.ts'
import { scoresOf } from './scores.ts'
import type { Passage, Splitter } from './splitters.ts'
import { ours, recursive, recursiveDefault } from './splitters.ts'

type Answer = { readonly question: Question; readonly ranked: readonly Passage[]; readonly scores: Scores }

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '100,200,300,400,600,800' },
    overlaps: { type: 'string', default: '0,10,20' },
    collections: { type: 'boolean', default: false },
    results: { type: 'string' },
  },
})
const numbers = (list: string) => list.split(',').map(Number)
const print = (...cells: readonly (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)

const RANKINGS: Readonly<Record<string, Ranking>> = { BM25: bm25, hashing }
const MEASURES = ['nDCG@10', 'recall@10', 'found', 'covered'] as const
const COLUMNS = Object.keys(RANKINGS).flatMap((ranking) => MEASURES.map((measure) => `${ranking} ${measure}`))
const collections = retrievalSet()
const sets = new Set(collections.flatMap(({ questions }) => questions.map(({ set }) => set)))

const splitters = numbers(options.sizes).flatMap((size) =>
  numbers(options.overlaps).flatMap((percent) => {
    const overlap = Math.round((size * percent) / 100)
    return [ours(size, overlap), recursive(size, overlap)]
  }),
)

print('splitter', 'size / overlap', 'tokens a chunk', 'questions', ...COLUMNS)
print(...Array<string>(4 + COLUMNS.length).fill('---'))
for (const splitter of [...splitters, recursiveDefault]) {
  const passages = await Promise.all(collections.map(({ documents }) => splitAll(splitter, documents)))
  const byRanking: Answer[][] = []
  for (const [name, ranking] of Object.entries(RANKINGS)) {
    const all = await answers(passages, ranking)
    byRanking.push(all)
    if (options.results) keep(options.results, `${splitter.name} ${splitter.size} ${name}`, all)
  }
  report(splitter, mean(passages.flat().map(({ tokens }) => tokens)), byRanking)
}

async function splitAll({ split }: Splitter, documents: readonly Document[]): Promise<Passage[]> {
  return (await Promise.all(documents.map(split))).flat()
}

async function answers(passages: readonly Passage[][], ranking: Ranking): Promise<Answer[]> {
  const all: Answer[] = []
  for (const [i, { questions }] of collections.entries()) {
    const search = await ranking(passages[i] ?? [])
    for (const question of questions) {
      const ranked = await search(question.query)
      all.push({ question, ranked, scores: scoresOf(question, ranked) })
    }
  }
  return all
}

function report({ name, size }: Splitter, tokens: number, byRanking: readonly Answer[][]): void {
  const row = (questions: string, asked: (answer: Answer) => boolean) =>
    print(name, size, tokens.toFixed(0), questions, ...byRanking.flatMap((all) => means(all.filter(asked))))
  if (options.collections) for (const set of sets) row(set, ({ question }) => question.set === set)
  row('all', () => true)
}

function means(some: readonly Answer[]): string[] {
  const of = (pick: (scores: Scores) => number | undefined) =>
    format(mean(some.flatMap(({ scores }) => pick(scores) ?? [])))
  return [of(({ ndcg }) => ndcg), of(({ recall }) => recall), of(({ found }) => found), of(({ covered }) => covered)]
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length
}

function format(share: number): string {
  return Number.isNaN(share) ? '–' : share.toFixed(3)
}

function keep(folder: string, name: string, all: readonly Answer[]): void {
  const lines = all.map(({ question, ranked }) =>
    JSON.stringify({ id: question.id, hits: ranked.map(({ file, start, end }) => ({ file, start, end })) }),
  )
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name.replaceAll(/[^\w-]+/g, '-')}.jsonl`), `${lines.join('\n')}\n`)
}
