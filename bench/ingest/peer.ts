import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../stack/run-program.ts'
import { metered } from './meter.ts'
import type { Run } from './run.ts'
import { startWireServers } from './wire-servers.ts'

const DIR = join(import.meta.dirname, '../langchain')

type Report = {
  readonly files: number
  readonly pages: number
  readonly chunks: number
  readonly errors: readonly string[]
}

/** (b) The same job by LangChain.js. Its packages are installed and loaded before the clock starts. */
export async function runPeer(paths: readonly string[]): Promise<Run> {
  await using resources = new AsyncDisposableStack()
  const wire = resources.adopt(await startWireServers(), (each) => each.close())
  const child = resources.adopt(await startPeer(), (each) => void each.kill())
  const parts = { program: [child.pid ?? 0], temporal: [], postgres: [], wire: [wire.pid] }
  const [report, measured] = await metered(parts, async (): Promise<Report> => {
    child.send({ paths, openai: wire.openai, pinecone: wire.pinecone })
    const [report] = await once(child, 'message')
    return report
  })
  for (const error of report.errors) process.stderr.write(`LangChain.js: ${error}\n`)
  return { ...measured, ...report, failed: report.errors.length }
}

export async function installPeer(): Promise<void> {
  if (!existsSync(join(DIR, 'node_modules'))) await run('npm', ['ci'], { cwd: DIR })
}

async function startPeer(): Promise<ChildProcess> {
  const child = fork(join(DIR, 'ingest.mjs'), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  await once(child, 'message')
  return child
}
