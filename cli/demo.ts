/** `npm run demo`: the whole of the seed's flow, with the documents in `examples/`, against the running stack or one of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { styleText } from 'node:util'
import cliProgress from 'cli-progress'
import { isLoopback, loadClientConfig, loadStackConfig } from '../config.ts'
import { isFinal } from '../domain/expert.ts'
import { ApiClient } from './api/api-client.ts'
import type { ExpertJson, SearchResult } from './api/experts-api.ts'
import type { FileJson } from './api/files-api.ts'
import { pageRange } from './page-range.ts'

type Question = { readonly query: string; readonly file: string; readonly page: number }

const EXAMPLES = join(import.meta.dirname, '../examples')
const POLL_MS = 300
const START_LIMIT_MS = 15 * 60_000

const client = loadClientConfig()
const api = new ApiClient(client)
const print = (line = '') => process.stdout.write(`${line}\n`)
const heading = (text: string) => print(`\n${styleText('bold', text)}`)
const faint = (text: string) => styleText('dim', text)

async function demo(): Promise<void> {
  heading('1. Upload the documents in examples/')
  const files = await uploadAll(await examplePaths())

  heading('2. Create an expert from all of them')
  const created = await api.experts.create({
    name: 'Harbourlight support',
    system_prompt: 'You are a helpful assistant for the customers of Harbourlight.',
    voice_id: '21m00Tcm4TlvDq8ikWAM',
    selected_files: files.map(({ id }) => id),
  })
  print(`   ${created.id}\n   ${faint(`Watch it: ${created.temporal_ui_url}`)}`)
  const first = await watch(created)
  printSummary(first)
  expect(first.status === 'partially_ready', `the expert is ${first.status}, not partially_ready`)
  expectFailures(first, ['CORRUPT', 'ENCRYPTED'])

  heading('3. Replace the damaged file and retry')
  await replaceDamaged(first)
  const second = await watch(await api.experts.retry(first.id))
  printSummary(second)
  expectFailures(second, ['ENCRYPTED'])

  heading('4. Ask')
  const questions: Question[] = JSON.parse(await readFile(join(EXAMPLES, 'questions.json'), 'utf8'))
  for (const question of questions) await ask(second, question)

  print(`\n${styleText('green', '✔')} All of it held. The whole run, step by step: ${second.temporal_ui_url}`)
}

async function examplePaths(): Promise<string[]> {
  const names = (await readdir(EXAMPLES)).filter((name) => /^\d\d-/.test(name))
  return names.sort().map((name) => join(EXAMPLES, name))
}

async function uploadAll(paths: readonly string[]): Promise<FileJson[]> {
  const files: FileJson[] = []
  for (const path of paths) {
    const file = await api.files.upload(path)
    print(`   ${file.id}  ${file.original_name} ${faint(`${file.size.toLocaleString('en')} bytes`)}`)
    files.push(file)
  }
  return files
}

/** Shows how far the expert is until its pass has ended. */
async function watch({ id, progress }: ExpertJson): Promise<ExpertJson> {
  const bar = new cliProgress.SingleBar(
    {
      format: '   {bar} {value}/{total} files · {indexed} indexed · {failed} failed',
      barsize: 30,
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: 2_000,
    },
    cliProgress.Presets.shades_classic,
  )
  bar.start(progress.files, progress.indexed + progress.failed, progress)
  for (;;) {
    const expert = await api.experts.get(id)
    bar.update(expert.progress.indexed + expert.progress.failed, expert.progress)
    if (isFinal(expert.status) || expert.status === 'paused') {
      bar.stop()
      return expert
    }
    await delay(POLL_MS)
  }
}

function printSummary({ status, status_reason, summary }: ExpertJson): void {
  print(`   ${styleText('bold', status)}${status_reason ? `: ${status_reason}` : ''}`)
  if (!summary) return
  const { totals, failed_files } = summary
  print(
    `   ${totals.indexed} of ${totals.files} files, ${totals.pages} pages, ${totals.chunks} chunks, ${totals.tokens_embedded} tokens embedded, ${totals.tokens_reused} reused`,
  )
  for (const file of failed_files) {
    print(
      `   ${styleText('red', '✘')} ${file.name} ${styleText('yellow', file.code)} ${faint(`in ${file.stage}`)}\n     ${file.message}`,
    )
  }
}

async function replaceDamaged({ summary }: ExpertJson): Promise<void> {
  for (const name of await readdir(join(EXAMPLES, 'replacements'))) {
    const damaged = summary?.failed_files.find((file) => file.name === name)
    if (!damaged) throw new Error(`${name} is not among the files that failed`)
    await api.files.replaceContent(damaged.file_id, join(EXAMPLES, 'replacements', name))
    print(`   ${name} ${faint('has new content')}`)
  }
}

async function ask(expert: ExpertJson, { query, file, page }: Question): Promise<void> {
  const [best] = await api.experts.search(expert.id, query, { top_k: 3 })
  print(`\n   ${styleText('cyan', query)}`)
  if (!best) throw new Error(`nothing was found for "${query}"`)
  print(`   ${quote(best)}\n   ${faint(`— ${best.file_name}, ${pageRange(best)}, score ${best.score.toFixed(2)}`)}`)
  const right = best.file_name === basename(file) && best.page_start <= page && page <= best.page_end
  expect(right, `the best answer should come from ${file}, page ${page}`)
}

const quote = ({ text }: SearchResult) => {
  const line = text.replaceAll(/\s+/g, ' ')
  return `“${line.length > 220 ? `${line.slice(0, 220)}…` : line}”`
}

function expect(held: boolean, otherwise: string): void {
  if (!held) throw new Error(`That did not hold: ${otherwise}.`)
}

function expectFailures({ summary }: ExpertJson, codes: readonly string[]): void {
  const found = (summary?.failed_files ?? []).map(({ code }) => code).sort()
  expect(String(found) === String(codes), `the failures are ${found.join(', ') || 'none'}, not ${codes.join(', ')}`)
}

/** Uses the stack that runs, wherever that is; without one, and here, starts it and stops it in the end. */
async function ensureStack(): Promise<() => Promise<void>> {
  if (await api.canProcessFiles()) return async () => undefined
  if (!wouldBeStarted(client.url))
    throw new Error(
      `No file can be processed at ${client.url}: nothing answers, or Postgres, Temporal or a worker is missing; ${client.url}/readyz tells. Is API_URL right?`,
    )
  print(
    `No file can be processed at ${client.url} yet, so the stack is started for the demo. That takes a moment, and minutes the first time.`,
  )
  const stack = spawn(process.execPath, ['stack/main.ts'], {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = once(stack, 'exit')
  const deadline = Date.now() + START_LIMIT_MS
  while (!(await api.canProcessFiles())) {
    if (stack.exitCode !== null) throw new Error('The stack did not start; why is said above.')
    if (Date.now() > deadline) throw new Error('The stack was not ready within 15 minutes.')
    await delay(POLL_MS)
  }
  return async () => {
    stack.kill('SIGINT')
    await exited
  }
}

/** Whether the stack would answer there, were it started here. */
function wouldBeStarted(url: string): boolean {
  const { protocol, hostname, port } = new URL(url)
  return protocol === 'http:' && isLoopback(hostname) && Number(port || 80) === loadStackConfig().api.port
}

let stopStack = async () => {}
try {
  stopStack = await ensureStack()
  await demo()
} catch (error) {
  print(`\n${styleText('red', '✘')} ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  await stopStack()
}
