/**
 * Measures the product's own search, with LanceDB: what it finds on the retrieval set of the corpus, beside the baseline of the corpus'
 * evaluate.py, how many chunks a second are embedded, and how long searches take over texts that are made up.
 *
 *   node bench/search.ts [--model <folder> --packages <folder> --cache <folder>] [--size 400 --overlap 80] [--sizes 1000,10000,100000] [--queries 100]
 *
 * --model and --packages: a local model, and where @huggingface/transformers is installed; --cache keeps its vectors. The weights were
 * chosen by bench/fusion.ts, which tells what they find on questions and collections that they were not chosen on. Exits with 1 where an aim is missed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { HashingEmbedder } from '../adapters/hashing-embedder.ts'
import type { SearchMode } from '../api/expert-search.ts'
import { SEARCH_MODES } from '../api/expert-search.ts'
import type { Embedder } from '../domain/ports.ts'
import { baseline } from './baseline.ts'
import { benchEmbedders, EMBEDDER_OPTIONS } from './bench-embedders.ts'
import { inSets } from './in-sets.ts'
import { judge } from './judge-search.ts'
import type { Collection, Question } from './retrieval-set.ts'
import { retrievalSet } from './retrieval-set.ts'
import { scoresOf } from './scores.ts'
import { SearchBench } from './search-bench.ts'
import type { Answer, Row } from './search-rows.ts'
import { meanOf, meanOfSets, setsOf } from './search-rows.ts'
import type { Passage } from './splitters.ts'
import { ours } from './splitters.ts'
import { syntheticChunks, syntheticQuery } from './synthetic-texts.ts'

const { values: options } = parseArgs({
  options: {
    ...EMBEDDER_OPTIONS,
    ...{ size: { type: 'string', default: '400' }, overlap: { type: 'string', default: '80' } },
    ...{ sizes: { type: 'string', default: '1000,10000,100000' }, queries: { type: 'string', default: '100' } },
  },
})
/** The keyword pass is Pinecone's way to do without an index of words, over the nearest of LanceDB. */
const WAYS: readonly [name: string, mode: SearchMode, isKeywordPass: boolean][] = [
  ['keyword', 'keyword', false],
  ['dense', 'dense', false],
  ['hybrid', 'hybrid', false],
  ['hybrid by keyword pass', 'hybrid', true],
]
const EMBEDDED_FOR_SPEED = 256
const print = (...cells: readonly (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
const line = (text = '') => process.stdout.write(`${text}\n`)
const dir = mkdtempSync(join(tmpdir(), 'expertsmith-search-'))

async function quality(): Promise<void> {
  const collections = retrievalSet()
  const rows: Row[] = [{ name: 'BM25, evaluate.py', answers: collections.flatMap(byBaseline) }]
  for (const { name, embedder, fresh, close } of await benchEmbedders(options)) {
    const { split, size } = ours(Number(options.size), Number(options.overlap), (text) => embedder.countTokens(text))
    const passages = await Promise.all(collections.map(({ documents }) => Promise.all(documents.map(split))))
    line(
      `${name}: ${passages.flat(2).length} chunks of ${size} tokens, ${await speed(fresh, passages.flat(2))} embedded a second`,
    )
    const bench = new SearchBench(join(dir, name), embedder)
    for (const [i, texts] of passages.entries()) await bench.store(i, texts.flat())
    await bench.settle()
    for (const way of WAYS) rows.push(await asked(bench, name, way, collections))
    await bench.close()
    await close()
  }
  for (const half of HALVES) report(half, rows)
  line()
  if (!judge(rows, line)) process.exitCode = 1
}

async function asked(
  bench: SearchBench,
  name: string,
  [way, mode, isPass]: (typeof WAYS)[number],
  all: readonly Collection[],
) {
  const answers: Answer[] = []
  for (const [i, { questions }] of all.entries())
    for (const [n, question] of inSets(questions))
      answers.push(answer(question, n, await bench.search(i, question.query, mode, isPass)))
  return { name: `${way}, ${name}`, answers }
}

const byBaseline = ({ documents, questions }: Collection): Answer[] => {
  const search = baseline(documents)
  return inSets(questions).map(([n, question]) => answer(question, n, search(question.query)))
}

const answer = (question: Question, n: number, ranked: readonly Passage[]): Answer => ({
  ...{ set: question.set, isOdd: n % 2 === 1 },
  scores: scoresOf(question, ranked),
})

async function speed(embedder: Embedder, passages: readonly Passage[]): Promise<string> {
  const step = Math.max(1, Math.floor(passages.length / EMBEDDED_FOR_SPEED))
  const texts = passages.filter((_, i) => i % step === 0).map(({ text }) => text)
  const start = performance.now()
  const { inputs } = embedder.limits
  for (let i = 0; i < texts.length; i += inputs) await embedder.embed(texts.slice(i, i + inputs))
  return (texts.length / ((performance.now() - start) / 1_000)).toFixed(0)
}

const HALVES = [
  ['all questions', () => true],
  ['even', ({ isOdd }: Answer) => !isOdd],
  ['odd', ({ isOdd }: Answer) => isOdd],
] as const

function report([half, pick]: (typeof HALVES)[number], rows: readonly Row[]): void {
  line()
  print(`nDCG@10 / recall@10, ${half}`, ...rows.map(({ name }) => name))
  print('---', ...rows.map(() => '---:'))
  const cell = (mean: (measure: 'ndcg' | 'recall') => number) =>
    `${mean('ndcg').toFixed(3)} / ${mean('recall').toFixed(3)}`
  for (const set of setsOf(rows))
    print(set, ...rows.map((row) => cell((measure) => meanOf(row, measure, (each) => each.set === set && pick(each)))))
  print('mean of the sets', ...rows.map((row) => cell((measure) => meanOfSets(row, measure, pick))))
  print('all', ...rows.map((row) => cell((measure) => meanOf(row, measure, pick))))
}

async function latency(sizes: readonly number[], queries: number): Promise<void> {
  line()
  print('chunks', 'stored in s', ...SEARCH_MODES.map((mode) => `${mode} p50 / p99 ms`))
  print('---:', '---:', ...SEARCH_MODES.map(() => '---:'))
  for (const size of sizes) {
    const bench = new SearchBench(join(dir, String(size)), new HashingEmbedder({ dimensions: 1_024 }))
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
