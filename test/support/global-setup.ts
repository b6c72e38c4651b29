/** Starts, once for the whole run, what tests share: real Temporal, Postgres and S3 servers, and the workflow bundle. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { migrate } from '../../adapters/postgres-database.ts'
import { startPostgresServer } from '../../stack/postgres-server.ts'
import { startS3Server } from '../../stack/s3-server.ts'
import { findTemporalCli } from '../../stack/temporal-cli.ts'
import { startTemporalServer } from '../../stack/temporal-server.ts'
import { bundleWorkflows } from '../../worker/create-workers.ts'
import { faultTable } from './fault-report.ts'
import { freePort } from './free-port.ts'
import type { Infrastructure } from './infrastructure.ts'
import { INFRASTRUCTURE_VARIABLE, TEMPLATE_DATABASE } from './infrastructure.ts'

const closers: (() => Promise<unknown>)[] = []

export async function globalSetup(): Promise<void> {
  try {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-test-'))
    closers.push(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }))
    // Postgres runs as another user than root, and must be able to enter.
    await chmod(dir, 0o755)
    const [databaseUrl, temporalAddress, s3, bundlePath] = await allStarted([
      startDatabase(join(dir, 'postgres')),
      startTemporal(join(dir, 'temporal')),
      startObjects(join(dir, 's3')),
      writeBundle(join(dir, 'workflows.js')),
    ])
    const faultReport = join(dir, 'faults.jsonl')
    closers.push(() => printFaults(faultReport))
    const infrastructure: Infrastructure = { databaseUrl, temporalAddress, s3, bundlePath, faultReport }
    process.env[INFRASTRUCTURE_VARIABLE] = JSON.stringify(infrastructure)
  } catch (error) {
    await globalTeardown()
    throw error
  }
}

export async function globalTeardown(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close()
}

/** Waits for the others when one fails, so that all that was started can be stopped. */
async function allStarted<const T extends readonly Promise<unknown>[]>(starting: T) {
  const results = await Promise.allSettled(starting)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
  return Promise.all(starting)
}

async function startDatabase(dir: string): Promise<string> {
  const server = await startPostgresServer({ dir, port: await freePort(), fsync: false })
  closers.push(server.close)
  const url = new URL(server.url)
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query(`create database ${TEMPLATE_DATABASE}`)
  await client.end()
  url.pathname = TEMPLATE_DATABASE
  await migrate({ url: url.href })
  return server.url
}

async function startTemporal(dir: string): Promise<string> {
  const cli = await findTemporalCli({
    explicit: process.env.TEMPORAL_CLI,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  })
  const server = await startTemporalServer({ cli, dir, port: await freePort(), retentionMs: 7 * 86_400_000 })
  closers.push(server.stop)
  return server.address
}

async function startObjects(dir: string): Promise<Infrastructure['s3']> {
  const credentials = { accessKeyId: 'test-access-key', secretKey: 'test-secret-key', bucket: 'expertsmith-test' }
  const server = await startS3Server({ dir, port: await freePort(), ...credentials })
  closers.push(server.close)
  return { ...credentials, endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true }
}

async function printFaults(report: string): Promise<void> {
  const table = await faultTable(report)
  if (table) process.stdout.write(`\n${table}\n\n`)
}

async function writeBundle(path: string): Promise<string> {
  const { code } = await bundleWorkflows()
  await writeFile(path, code)
  return path
}
