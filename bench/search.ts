/**
 * Measures the product's own search, with LanceDB and the embedder `hashing`: what it finds on the retrieval set of the corpus, beside the
 * baseline of the corpus' evaluate.py, and how long it takes over texts that are made up.
 *
 *   node bench/search.ts [--sizes 1000,10000,100000] [--queries 100]
 *
 * All questions are asked; «every other» has by themselves those that played no part when the weight for semantic embeddings was chosen. The
 * weight that is used here, for `hashing`, is judgement, so neither half is held out in earnest.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { SearchMode } from '../api/expert-search.ts'
import { SEARCH_MODES } from '../api/expert-search.ts'
import { baseline } from './baseline.ts'
import type { Collection, Question } from './retrieval-set.ts'
import { retrievalSet } from './retrieval-set.ts'
import type { Scores } from './scores.ts'
import { scoresOf } from './scores.ts'
import { SearchBench } from './search-bench.ts'
import type { Passage } from './splitters.ts'
import { ours } from './splitters.ts'
import { syntheticChunks, syntheticQuery } from './synthetic-texts.ts'

type Answer = { readonly question: Question; readonly isOther: boolean; readonly scores: Scores }
type Row = { readonly name: string; readonly answers: readonly Answer[] }

const { values: options } = parseArgs({
  options: { sizes: { type: 'string', default: '1000,10000,100000' }, queries: { type: 'string', default: '100' } },
})
/** nDCG@10 that the hybrid ranking must have: the baseline's. */
const AIM = { chunkeval: 0.69, cranfield: 0.31 }
const CHUNKS = ours(300, 60)
const print = (...cells: readonly (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
const line = (text = '') => process.stdout.write(`${text}\n`)

const dir = mkdtempSync(join(tmpdir(), 'expertsmith-search-'))

async function quality(): Promise<void> {
  const collections = retrievalSet()
  const sets = [...new Set(collections.flatMap(({ questions }) => questions.map(({ set }) => set)))]
  const rows: Row[] = [{ name: 'BM25, evaluate.py', answers: collections.flatMap(byBaseline) }]
  const bench = new SearchBench(join(dir, 'quality'))
  for (const [i, { documents }] of collections.entries())
    await bench.store(i, (await Promise.all(documents.map(CHUNKS.split))).flat())
  await bench.settle()
  for (const [name, mode, isKeywordPass] of MODES) {
    const answers: Answer[] = []
    for (const [i, { questions }] of collections.entries())
      for (const [n, question] of inSets(questions))
        answers.push(answer(question, n, await bench.search(i, question.query, mode, isKeywordPass)))
    rows.push({ name, answers })
  }
  await bench.close()
  for (const half of ['all questions', 'every other'] as const) report(half, sets, rows)
  judge(rows)
}

/** The keyword pass is Pinecone's way to do without an index of words, over the nearest of LanceDB. */
const MODES: readonly [name: string, mode: SearchMode, isKeywordPass: boolean][] = [
  ['keyword', 'keyword', false],
  ['dense, hashing', 'dense', false],
  ['hybrid', 'hybrid', false],
  ['hybrid by keyword pass', 'hybrid', true],
]

const byBaseline = ({ documents, questions }: Collection): Answer[] => {
  const search = baseline(documents)
  return inSets(questions).map(([n, question]) => answer(question, n, search(question.query)))
}

/** With its number in its set: the halves are those of each set. */
function inSets(questions: readonly Question[]): [number, Question][] {
  const counts = new Map<string, number>()
  return questions.map((question) => {
    const n = counts.get(question.set) ?? 0
    counts.set(question.set, n + 1)
    return [n, question]
  })
}

const answer = (question: Question, n: number, ranked: readonly Passage[]): Answer => ({
  question,
  isOther: n % 2 === 1,
  scores: scoresOf(question, ranked),
})

function report(half: 'all questions' | 'every other', sets: readonly string[], rows: readonly Row[]): void {
  line()
  print(`nDCG@10 / recall@10, ${half}`, ...rows.map(({ name }) => name))
  print('---', ...rows.map(() => '---:'))
  for (const set of [...sets, 'all'])
    print(
      set,
      ...rows.map(({ answers }) => {
        const some = answers.filter(
          (each) => (half === 'all questions' || each.isOther) && (set === 'all' || each.question.set === set),
        )
        return `${mean(some, 'ndcg').toFixed(3)} / ${mean(some, 'recall').toFixed(3)}`
      }),
    )
}

const mean = (some: readonly Answer[], measure: 'ndcg' | 'recall') =>
  some.reduce((sum, { scores }) => sum + scores[measure], 0) / some.length

function judge(rows: readonly Row[]): void {
  line()
  const { answers = [] } = rows.find(({ name }) => name === 'hybrid') ?? {}
  for (const [set, aim] of Object.entries(AIM)) {
    const found = mean(
      answers.filter(({ question }) => question.set === set),
      'ndcg',
    )
    if (found < aim) process.exitCode = 1
    line(`${found >= aim ? '✅' : '❌'} ${set}: hybrid has ${found.toFixed(3)}, the aim is ${aim} (BM25)`)
  }
}

async function latency(sizes: readonly number[], queries: number): Promise<void> {
  line()
  print('chunks', 'stored in s', ...SEARCH_MODES.map((mode) => `${mode} p50 / p99 ms`))
  print('---:', '---:', ...SEARCH_MODES.map(() => '---:'))
  for (const size of sizes) {
    const bench = new SearchBench(join(dir, String(size)))
    const begun = performance.now()
    for (const chunks of syntheticChunks(size)) await bench.store(0, chunks)
    await bench.settle()
    const seconds = (performance.now() - begun) / 1_000
    const cells: string[] = []
    for (const mode of SEARCH_MODES) {
      const times: number[] = []
      for (let i = -3; i < queries; i++) {
        const start = performance.now()
        await bench.search(0, syntheticQuery(), mode)
        // The first ones read from the disk.
        if (i >= 0) times.push(performance.now() - start)
      }
      const sorted = times.sort((a, b) => a - b)
      cells.push([0.5, 0.99].map((share) => sorted[Math.floor(share * (queries - 1))]?.toFixed(0)).join(' / '))
    }
    print(size.toLocaleString('en'), seconds.toFixed(0), ...cells)
    await bench.close()
  }
}

try {
  await quality()
  await latency(options.sizes.split(',').filter(Boolean).map(Number), Number(options.queries))
} finally {
  rmSync(dir, { recursive: true })
}
