import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProcessTextExtractor } from '../../adapters/process-text-extractor.ts'
import type { ExtractionConfig } from '../../config.ts'
import type { FailureCode } from '../../domain/failure.ts'
import { FAILURES, Failure } from '../../domain/failure.ts'
import { childProcesses, processesHidden } from '../support/child-processes.ts'
import { corpusFiles, corpusMissing, corpusPath } from '../support/corpus.ts'
import { extractionConfig } from '../support/extraction-config.ts'
import type { Mutation } from '../support/mutations.ts'
import { mutations } from '../support/mutations.ts'
import { eventually } from '../support/requests.ts'
import { smallDocuments } from '../support/small-documents.ts'
import { faultsOf } from '../support/text-faults.ts'
import { textTable } from '../support/text-table.ts'

/** What is set for a longer run; the seed that is printed repeats one, and a case's number runs that case alone. */
const { FUZZ_SEED, FUZZ_FILES = 400, FUZZ_SECONDS = 35, FUZZ_CASE } = process.env
const seed = FUZZ_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(FUZZ_SEED)

const CONFIG: ExtractionConfig = { ...extractionConfig, timeoutMs: 5_000, memoryMb: 400, maxPages: 2_000 }
/** To start a process, to end one, and to be kept waiting by other tests. */
const MARGIN_MS = 2_500

/** A long document may have the same one on each page. */
const MOST_FAULTS = 3

type Source = { readonly name: string; readonly bytes: Buffer }
type Case = {
  readonly number: number
  readonly source: Source
  readonly mutations: readonly Mutation[]
  readonly extension: string
}
type Outcome = {
  readonly source: string
  readonly label: string
  readonly result: string
  readonly ms: number
  readonly faults: readonly string[]
}

async function sources(): Promise<Source[]> {
  const real = corpusFiles.map(async ({ file }) => ({ name: file, bytes: await readFile(corpusPath(file)) }))
  const small = [...(await smallDocuments())].map(([name, bytes]) => ({ name, bytes: Buffer.from(bytes) }))
  return [...(await Promise.all(real)), ...small]
}

/** Each of the files in turn, damaged by the seeded generator. */
function cases(files: readonly Source[]): Case[] {
  const extension = fc.constantFrom('.pdf', '.docx', '.xlsx', '.txt', '.html', '.zip', '.png', '')
  const damage = fc.tuple(mutations(files.map(({ bytes }) => bytes)), extension)
  return fc
    .sample(damage, { seed, numRuns: Number(FUZZ_FILES), unbiased: true })
    .flatMap(([mutations, extension], number) => {
      const source = files[number % files.length]
      return source && [undefined, String(number)].includes(FUZZ_CASE) ? [{ number, source, mutations, extension }] : []
    })
}

const labelOf = ({ number, source, mutations }: Case) =>
  `${number}: ${source.name}, ${mutations.map(({ name }) => name).join(', ')}`

const CODES = Object.keys(FAILURES).filter((code) => FAILURES[code as FailureCode].stage === 'extract')

async function extract(extractor: ProcessTextExtractor, path: string): Promise<Pick<Outcome, 'result' | 'faults'>> {
  try {
    return { result: 'text', faults: faultsOf(await extractor.extract(path)) }
  } catch (error) {
    if (!(error instanceof Failure))
      return { result: 'threw', faults: [String(error instanceof Error ? error.stack : error)] }
    return { result: error.code, faults: CODES.includes(error.code) ? [] : [`unknown code: ${error.code}`] }
  }
}

const readsGoodFile = (extractor: ProcessTextExtractor, path: string) =>
  extractor.extract(path).then(
    ({ pages }) => pages[0]?.text === 'Good.',
    () => false,
  )

/** Leaves the damaged file where something is wrong with what came of it. */
async function run(extractor: ProcessTextExtractor, dir: string, good: string, current: Case): Promise<Outcome> {
  const path = join(dir, `${seed}-${current.number}${current.extension}`)
  await writeFile(
    path,
    current.mutations.reduce((bytes, { apply }) => apply(bytes), current.source.bytes),
  )
  const start = performance.now()
  const { result, faults } = await extract(extractor, path)
  const ms = Math.round(performance.now() - start)
  const all = [
    ...faults,
    ...(ms > CONFIG.timeoutMs + MARGIN_MS ? [`took ${ms} ms`] : []),
    ...((await readsGoodFile(extractor, good)) ? [] : ['a good file is not read afterwards']),
  ]
  if (all.length === 0) await rm(path)
  return {
    source: current.source.name,
    label: labelOf(current),
    result,
    ms,
    faults: all.length === 0 ? [] : [`see ${path}`, ...all.slice(0, MOST_FAULTS)],
  }
}

/** As many at a time as there are processes, until all are done or the time is up. */
async function runAll(extractor: ProcessTextExtractor, dir: string, all: Iterator<Case>): Promise<Outcome[]> {
  const good = join(dir, 'good.txt')
  await writeFile(good, 'Good.')
  const outcomes: Outcome[] = []
  const deadline = performance.now() + Number(FUZZ_SECONDS) * 1_000
  const loop = async () => {
    for (let next = all.next(); !next.done && performance.now() < deadline; next = all.next())
      outcomes.push(await run(extractor, dir, good, next.value))
  }
  await Promise.all(Array.from({ length: CONFIG.processes }, loop))
  await rm(good)
  return outcomes
}

function report(outcomes: readonly Outcome[]): string[] {
  const counts = [...Map.groupBy(outcomes, ({ result }) => result)].map(([result, { length }]) => [result, length])
  // One of each file: a large one would be all of them.
  const slowest = [
    ...Map.groupBy(
      outcomes.toSorted((a, b) => b.ms - a.ms),
      ({ source }) => source,
    ).values(),
  ]
    .flatMap(([first]) => first ?? [])
    .slice(0, 10)
  return [
    ...textTable([...counts, ['total', outcomes.length]]),
    // Each may be a bug of a reader, or more memory than a file of its size should take.
    ...outcomes.filter(({ result }) => result === 'EXTRACTION_CRASHED').map(({ label }) => `crashed: ${label}`),
    'the slowest:',
    ...slowest.map(({ label, result, ms }) => `${ms} ms, ${result}, ${label}`),
    ...outcomes.filter(({ faults }) => faults.length > 0).map(({ label, faults }) => `${label}\n${faults.join('\n')}`),
  ]
}

test('damaged files give text or a known failure, within the limits, and hurt nothing', async (t) => {
  t.diagnostic(`FUZZ_SEED=${seed} FUZZ_FILES=${FUZZ_FILES} FUZZ_SECONDS=${FUZZ_SECONDS}`)
  if (corpusMissing) t.diagnostic(`small documents only: ${corpusMissing}`)
  const dir = await mkdtemp(join(tmpdir(), 'fuzz-'))
  const extractor = new ProcessTextExtractor(CONFIG)
  const rejections: unknown[] = []
  const reject = (reason: unknown) => rejections.push(reason)
  process.on('unhandledRejection', reject)
  const outcomes = await runAll(extractor, dir, cases(await sources()).values())
  await extractor.close()
  process.off('unhandledRejection', reject)
  for (const line of report(outcomes)) t.diagnostic(line)
  const faults = outcomes.flatMap((outcome) => outcome.faults)
  if (faults.length === 0) await rmdir(dir)
  assert.deepEqual(faults, [])
  assert.deepEqual(rejections, [])
  if (!processesHidden) await eventually(async () => assert.deepEqual(childProcesses(), []), 5_000)
})
