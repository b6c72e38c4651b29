/** `npm start`: everything that Expertsmith needs on one machine, with nothing but npm. */
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import type { StackConfig } from '../config.ts'
import { ConfigurationError, loadStackConfig } from '../config.ts'
import { childEnvironment } from './child-environment.ts'
import { panel } from './panel.ts'
import { startPostgresServer, stopLeftover } from './postgres-server.ts'
import type { PortUse } from './preflight.ts'
import { checkDisk, checkPorts, lockDataDir, Obstacle } from './preflight.ts'
import { Service } from './supervise.ts'
import { findTemporalCli } from './temporal-cli.ts'
import { startTemporalServer } from './temporal-server.ts'
import { untilReady } from './until-ready.ts'

/** npm passes a Ctrl-C on that the terminal has sent already, so one counts as a second only after this time. */
const SECOND_CTRL_C_AFTER_MS = 1_000
/** For what is to be done after the grace time: activities that are still running end, and Temporal is told. */
const HANDOVER_MS = 3_000
/** What a run that was killed had started ends by itself. */
const LEFTOVERS_END_WITHIN_MS = 20_000

const { values: options } = parseArgs({ options: { watch: { type: 'boolean', default: false } } })
const stopActions: (() => Promise<unknown>)[] = []
const services: Service[] = []
let stoppingSince: number | undefined

async function start(): Promise<void> {
  const config = loadStackConfig()
  const { release, isAfterKill } = await lockDataDir(config.dataDir, config.api.url, () =>
    say('The last run was killed; waiting some seconds for its lock to expire'),
  )
  onStop(release)
  await checkDisk(config.dataDir)
  await stopLeftover(join(config.dataDir, 'postgres'))
  await checkPorts(portsOf(config), isAfterKill ? LEFTOVERS_END_WITHIN_MS : 0)
  const databaseUrl = config.databaseUrl ?? (await startDatabase(config))
  const temporal = config.temporalAddress ? { address: config.temporalAddress } : await startTemporal(config)
  const env = { ...process.env, ...childEnvironment(config, { databaseUrl, temporal }) }
  for (const name of ['worker', 'api']) startService(name, env, config.shutdownGraceMs + HANDOVER_MS)
  const parts = await step('API and worker', async () => {
    const checks = await untilReady(config.api)
    return [checks, 'answer'] as const
  })
  const uiUrl = env.TEMPORAL_UI_URL ?? 'see TEMPORAL_UI_URL'
  const { dataDir, embeddings, api } = config
  process.stdout.write(`${panel({ apiUrl: api.url, temporalUiUrl: uiUrl, dataDir, parts, embeddings })}\n`)
}

function portsOf({
  api,
  databaseUrl,
  postgresPort,
  temporalAddress,
  temporalPort,
  temporalUiPort,
}: StackConfig): PortUse[] {
  const host = '127.0.0.1'
  return [
    { ...api, what: 'the API', variable: 'PORT' },
    ...(databaseUrl ? [] : [{ host, port: postgresPort, what: 'Postgres', variable: 'STACK_POSTGRES_PORT' }]),
    ...(temporalAddress
      ? []
      : [
          { host, port: temporalPort, what: 'Temporal', variable: 'STACK_TEMPORAL_PORT' },
          { host, port: temporalUiPort, what: "Temporal's Web UI", variable: 'STACK_TEMPORAL_UI_PORT' },
        ]),
  ]
}

const startDatabase = ({ dataDir, postgresPort: port }: StackConfig) =>
  step('Postgres', async () => {
    const dir = join(dataDir, 'postgres')
    const server = await startPostgresServer({ dir, port })
    onStop(server.close)
    return [server.url, `on 127.0.0.1:${port}`] as const
  })

async function startTemporal(config: StackConfig) {
  const { dataDir, temporalCli, temporalPort: port, temporalUiPort: uiPort, retryWindowMs: retentionMs } = config
  const cli = await step('Temporal CLI', async (say) => {
    const path = await findTemporalCli({ explicit: temporalCli, onProgress: say })
    return [path, path] as const
  })
  return step('Temporal', async () => {
    const start = () => startTemporalServer({ cli, dir: join(dataDir, 'temporal'), port, uiPort, retentionMs })
    let server = await start()
    onStop(() => server.stop())
    const keepAlive = (): Promise<void> =>
      server.exited.then(async (how) => {
        if (stoppingSince !== undefined) return
        say(`Temporal ${how}; starting it again`)
        server = await start()
        return keepAlive()
      })
    keepAlive().catch(fail)
    return [server, `on ${server.address}`] as const
  })
}

function startService(name: string, env: NodeJS.ProcessEnv, stopLimitMs: number): void {
  const service = new Service({
    script: `${name}/main.ts`,
    env,
    watch: options.watch,
    stopLimitMs,
    onRestart: (how, ms) => say(`The ${name} ${how}; starting it again in ${ms / 1_000} s`),
    onGiveUp: (how) => fail(new Obstacle(`The ${name} ${how}, again and again. What it logged above says why.`)),
  })
  services.push(service)
  service.start()
}

/** Says what goes on while it goes on, and how long it took. */
async function step<T>(name: string, work: (say: (line: string) => void) => Promise<readonly [T, string]>): Promise<T> {
  const start = performance.now()
  const [result, detail] = await work(progressOf(name))
  clearLine()
  say(
    `${styleText('green', '✔')} ${name} ${styleText('dim', `${detail} (${((performance.now() - start) / 1_000).toFixed(1)} s)`)}`,
  )
  return result
}

/** On a terminal one line that changes; elsewhere a line every few seconds. */
function progressOf(name: string): (line: string) => void {
  let last = 0
  return (line) => {
    if (process.stdout.isTTY) {
      clearLine()
      process.stdout.write(`… ${name}: ${line}`.slice(0, process.stdout.columns - 1))
    } else if (Date.now() - last > 5_000) {
      last = Date.now()
      say(`… ${name}: ${line}`)
    }
  }
}

const clearLine = () => process.stdout.isTTY && process.stdout.write('\r\u001b[2K')

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function onStop(action: () => Promise<unknown>): void {
  stopActions.unshift(action)
}

function onSignal(): void {
  if (stoppingSince === undefined) {
    say('\nStopping; a second Ctrl-C kills')
    void stop(0)
  } else if (Date.now() - stoppingSince > SECOND_CTRL_C_AFTER_MS) {
    for (const service of services) service.kill()
    process.exit(130)
  }
}

function fail(error: unknown): void {
  if (stoppingSince !== undefined) return
  const known = error instanceof Obstacle || error instanceof ConfigurationError
  const text = error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error)
  process.stderr.write(`\n${styleText('red', '✘')} ${explain(error) ?? text}\n`)
  void stop(1)
}

/** The disk filled up while things were started. */
const explain = (error: unknown) =>
  error instanceof Error && /ENOSPC|No space left/.test(error.message)
    ? 'The disk is full. Make room, or set DATA_DIR to a folder on another disk.'
    : undefined

/** First whatever works, then what it works with, in the opposite order of the start. */
async function stop(code: number): Promise<void> {
  stoppingSince = Date.now()
  await Promise.all(services.map((service) => service.stop()))
  for (const action of stopActions) await action().catch((error: Error) => say(`⚠️ ${error.message}`))
  if (code === 0) say('Stopped. Everything is kept in the data folder; npm start goes on from there.')
  process.exit(code)
}

process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)
await start().catch(fail)
