/**
 * `npm run bench:embedding [-- --threads 2 --chunks 300]`: chunks of 150 tokens a second by the local embedder, what each takes of
 * a processor, and the memory of the process; and how long a query takes in another process, alone and meanwhile, as the API's
 * do while a worker embeds. Texts are those of the corpus. EMBEDDING_MODEL_PATH names another model.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { LocalEmbedder } from '../adapters/local-embedder.ts'
import { loadLocalSetupConfig } from '../config.ts'
import { chunkPages } from '../domain/chunking.ts'
import { retrievalSet } from './retrieval-set.ts'

type Bulk = {
  readonly chunksPerSecond: number
  readonly cpuMs: number
  readonly beforeMb: number
  readonly peakMb: number
}

const QUERIES = 100
const QUERY = 'How often is the tide gauge of the northern pier calibrated, and by whom?'

const { values: options } = parseArgs({
  options: {
    threads: { type: 'string', default: String(availableParallelism()) },
    chunks: { type: 'string', default: '300' },
    bulk: { type: 'boolean', default: false },
  },
})
const [threads, wanted] = [Number(options.threads), Number(options.chunks)]
const print = (text: string) => process.stdout.write(`${text}\n`)
const megabytes = () => process.memoryUsage.rss() / 1e6
const open = (count: number) => LocalEmbedder.open({ ...loadLocalSetupConfig(), threads: count })

function chunksOf({ countTokens }: LocalEmbedder): string[] {
  const texts: string[] = []
  for (const { documents } of retrievalSet())
    for (const { text } of documents)
      for (const chunk of chunkPages([{ number: 1, text }], { maxTokens: 150, overlapTokens: 0, countTokens })) {
        // Nearly full ones, so that the number means something.
        if (chunk.tokens >= 120) texts.push(chunk.text)
        if (texts.length === wanted) return texts
      }
  return texts
}

async function bulk(): Promise<Bulk> {
  const beforeMb = megabytes()
  const embedder = await open(threads)
  const texts = chunksOf(embedder)
  await embedder.embed(texts.slice(0, 40))
  let peakMb = 0
  const timer = setInterval(() => {
    peakMb = Math.max(peakMb, megabytes())
  }, 100)
  process.send?.('embedding')
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  await embedder.embed(texts)
  const seconds = (performance.now() - start) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  clearInterval(timer)
  await embedder.close()
  return { chunksPerSecond: texts.length / seconds, cpuMs: (user + system) / 1_000 / texts.length, beforeMb, peakMb }
}

/** Milliseconds: the median, and that which one in twenty exceeds. */
async function latency(embedder: LocalEmbedder): Promise<string> {
  const times: number[] = []
  for (let i = 0; i < QUERIES; i++) {
    const start = performance.now()
    await embedder.embed([QUERY])
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  const [p50 = 0, p95 = 0] = [times[QUERIES / 2], times[Math.floor(QUERIES * 0.95)]]
  return `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`
}

async function compare(): Promise<void> {
  const embedder = await open(1)
  await latency(embedder)
  print(`${embedder.model}, ${threads} threads`)
  print(`a query, alone: ${await latency(embedder)}; memory of that process ${megabytes().toFixed(0)} MB`)
  const worker = fork(import.meta.filename, [...process.argv.slice(2), '--bulk'])
  await once(worker, 'message')
  const result = once(worker, 'message')
  print(`a query, while another process embeds: ${await latency(embedder)}`)
  const [{ chunksPerSecond, cpuMs, beforeMb, peakMb }] = (await result) as [Bulk]
  print(
    `${chunksPerSecond.toFixed(0)} chunks of 150 tokens a second, ${cpuMs.toFixed(1)} ms of processor time each; memory ${beforeMb.toFixed(0)} MB before, ${peakMb.toFixed(0)} MB at the most`,
  )
  await embedder.close()
}

if (options.bulk) process.send?.(await bulk())
else await compare()
