/**
 * `npm run bench:size [-- --files 20000 --failing 500]`: one expert of very many small files, some of which have no text. Says every
 * ten seconds how far it is, how long the histories are and what memory the worker takes; at the end whether that was flat, and
 * whether every file is where it belongs.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Client, Connection } from '@temporalio/client'
import type { ExpertJson } from '../cli/api/experts-api.ts'
import { vectorNamespace } from '../domain/keys.ts'
import type { Histories } from './ingest/history-watch.ts'
import { histories } from './ingest/history-watch.ts'
import { createExpert } from './ingest/product.ts'
import type { Product } from './ingest/product-processes.ts'
import { startProduct } from './ingest/product-processes.ts'
import type { SeedFile } from './ingest/seed-files.ts'
import { seedFiles } from './ingest/seed-files.ts'
import type { Servers } from './ingest/servers.ts'
import { startServers } from './ingest/servers.ts'
import { processTree, residentBytes } from './ingest/usage.ts'
import { startWireServers } from './ingest/wire-servers.ts'

type Sample = Histories & {
  readonly done: number
  readonly workerBytes: number
  readonly treeBytes: number
  readonly heapBytes: number
}

const { values: options } = parseArgs({
  options: { files: { type: 'string', default: '20000' }, failing: { type: 'string', default: '500' } },
})
const [files, failing] = [Number(options.files), Number(options.failing)]
const EVERY_MS = 10_000
const MEGABYTE = 1_048_576
const megabytes = (bytes: number) => `${(bytes / MEGABYTE).toFixed(0)} MB`
const print = (line: string) => process.stdout.write(`${line}\n`)

/** Each with its own bytes; those that fail are blank, and spread evenly. */
function* smallFiles(): Generator<SeedFile> {
  const every = Math.floor(files / Math.max(failing, 1))
  for (let number = 0; number < files; number++) {
    const fails = failing > 0 && number % every === 0 && number / every < failing
    const text = fails
      ? '\n'.repeat(number + 1)
      : `Note ${number}. The harbour master logs vessel ${number}, its draught and its cargo.`
    yield { name: `note-${number}.txt`, content: Buffer.from(text) }
  }
}

async function watchExpert({ temporalAddress }: Servers, { apiUrl, pids, liveHeap }: Product) {
  const connection = resources.adopt(await Connection.connect({ address: temporalAddress }), (each) => each.close())
  const client = new Client({ connection })
  const start = performance.now()
  let expert = await createExpert(apiUrl, ids)
  const samples: Sample[] = []
  while (['queued', 'processing'].includes(expert.status)) {
    await delay(EVERY_MS)
    expert = await getJson<ExpertJson>(`${apiUrl}/experts/${expert.id}`)
    const [, ...readers] = processTree(pids.worker)
    const workerBytes = residentBytes([pids.worker])
    const { heapUsed, external } = await liveHeap()
    const sample: Sample = {
      done: files - expert.progress.pending,
      ...(await histories(client, expert.workflow_id)),
      workerBytes,
      treeBytes: workerBytes + residentBytes(readers),
      heapBytes: heapUsed + external,
    }
    samples.push(sample)
    print(describe(sample, (performance.now() - start) / 1_000))
  }
  return { expert, samples, seconds: (performance.now() - start) / 1_000 }
}

const describe = ({ done, runs, mostEvents, mostBytes, workerBytes, treeBytes, heapBytes }: Sample, seconds: number) =>
  [
    `${seconds.toFixed(0).padStart(5)} s`,
    `${done} files done`,
    `${runs} runs`,
    `longest history ${mostEvents} events, ${(mostBytes / 1_024).toFixed(0)} kB`,
    `worker ${megabytes(workerBytes)}, of it alive ${megabytes(heapBytes)}; with its readers ${megabytes(treeBytes)}`,
  ].join(' · ')

function conclude(samples: readonly Sample[], seconds: number): void {
  print(`\n${(files / seconds).toFixed(1)} files/s`)
  print(
    growth(
      'resident memory of the worker',
      samples.map(({ workerBytes }) => workerBytes),
    ),
  )
  print(
    growth(
      'its live heap',
      samples.map(({ heapBytes }) => heapBytes),
    ),
  )
}

/** From the second quarter to the last one: the first warms up. */
function growth(what: string, bytes: readonly number[]): string {
  const mean = (from: number, to: number) => {
    const part = bytes.slice(Math.floor(bytes.length * from), Math.ceil(bytes.length * to))
    return part.reduce((sum, each) => sum + each, 0) / part.length
  }
  const [early, late] = [mean(0.25, 0.5), mean(0.75, 1)]
  const change = ((late / early - 1) * 100).toFixed(0)
  return `${what}: ${megabytes(early)} in the second quarter, ${megabytes(late)} in the last (${change} % more)`
}

async function checkFiles({ id, status, progress, summary }: ExpertJson): Promise<void> {
  const failed = await countFailed(`${product.apiUrl}/experts/${id}/files?status=failed&limit=1000`)
  const vectors = await wire.countVectors(vectorNamespace(id, 1))
  print(
    `${status}: ${progress.indexed} indexed, ${progress.failed} failed, ${progress.pending} pending\n` +
      `vectors in the store: ${vectors} (one for each of ${files - failing} files that have text)\n` +
      `summary: ${Buffer.byteLength(JSON.stringify(summary))} bytes with ${summary?.failed_files.length} failed files; Postgres has ${failed}`,
  )
  if (vectors !== files - failing || failed !== failing) throw new Error('files are missing')
}

async function countFailed(url: string): Promise<number> {
  let count = 0
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { items: unknown[]; next_cursor: string | null } = await getJson(
      `${url}${cursor && `&cursor=${cursor}`}`,
    )
    count += page.items.length
    cursor = page.next_cursor
  }
  return count
}

async function getJson<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T
}

await using resources = new AsyncDisposableStack()
const servers = resources.adopt(await startServers(), (each) => each.close())
const wire = resources.adopt(await startWireServers(), (each) => each.close())
const ids = await seedFiles(servers, smallFiles())
const product = resources.adopt(await startProduct(servers, wire), (each) => each.close())
print(`${files} files, ${failing} of them without text; one worker`)
const { expert, samples, seconds } = await watchExpert(servers, product)
conclude(samples, seconds)
await checkFiles(expert)
