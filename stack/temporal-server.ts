import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Connection } from '@temporalio/client'
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js'
import { SEARCH_ATTRIBUTES } from '../workflows/contract.ts'
import type { Program } from './run-program.ts'
import { startProgram } from './run-program.ts'
import { waitFor } from './wait-for.ts'

export type TemporalServerOptions = {
  /** The path of the Temporal CLI. */
  readonly cli: string
  readonly dir: string
  readonly port: number
  /** Without it there is no Web UI. */
  readonly uiPort?: number
  /** How long runs that are over are kept at the least; the server's own choice is a day. */
  readonly retentionMs?: number
  /** Settings of the server beside those that every one gets. */
  readonly dynamicConfig?: Readonly<Record<string, string | number>>
}

export type TemporalServer = Program & { readonly address: string; readonly uiUrl: string | undefined }

/** Attribute types as the command line spells them. */
const TYPES = { KEYWORD: 'Keyword', INT: 'Int' } as const

const FAIRNESS = { 'matching.useNewMatcher': 'true', 'matching.enableFairness': 'true' }

/** Starts Temporal's development server on the loopback interface, with its state in `dir`, and waits until it serves. */
export async function startTemporalServer({
  cli,
  dir,
  port,
  uiPort,
  retentionMs = 0,
  dynamicConfig = {},
}: TemporalServerOptions): Promise<TemporalServer> {
  await mkdir(dir, { recursive: true })
  const args = [
    'server',
    'start-dev',
    ...['--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error'],
    ...(uiPort ? ['--ui-port', String(uiPort)] : ['--headless']),
    ...['--db-filename', join(dir, 'temporal.db')],
    // Measured: 2 to 4 times the default's speed, and no less safe against a crash of the process.
    ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
    ...Object.entries({ ...FAIRNESS, ...dynamicConfig }).flatMap(([name, value]) => [
      '--dynamic-config-value',
      `${name}=${value}`,
    ]),
    ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => ['--search-attribute', `${name}=${TYPES[type]}`]),
  ]
  const server = await startProgram(cli, args, join(dir, 'temporal.log'))
  const address = `127.0.0.1:${port}`
  await waitFor(() => serves(address), server.exited, `Temporal (its log is ${join(dir, 'temporal.log')})`)
  await asking(address, (connection) => keepRuns(connection, retentionMs))
  return { ...server, address, uiUrl: uiPort ? `http://127.0.0.1:${uiPort}` : undefined }
}

const NAMESPACE = { namespace: 'default' }

const serves = (address: string): Promise<boolean> =>
  asking(address, ({ workflowService }) => workflowService.describeNamespace(NAMESPACE)).then(
    () => true,
    () => false,
  )

/** What happened in a run is to be seen for as long as its files may be retried. */
async function keepRuns({ workflowService }: Connection, retentionMs: number): Promise<void> {
  const { config } = await workflowService.describeNamespace(NAMESPACE)
  if (tsToMs(config?.workflowExecutionRetentionTtl ?? undefined) >= retentionMs) return
  const workflowExecutionRetentionTtl = msToTs(retentionMs)
  await workflowService.updateNamespace({ ...NAMESPACE, config: { workflowExecutionRetentionTtl } })
}

async function asking<T>(address: string, ask: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address, connectTimeout: '1s' })
  try {
    return await connection.withDeadline(Date.now() + 2_000, () => ask(connection))
  } finally {
    await connection.close()
  }
}
