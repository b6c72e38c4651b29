import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadStackConfig } from '../../config.ts'
import { startPostgresServer } from '../../stack/postgres-server.ts'
import { findTemporalCli } from '../../stack/temporal-cli.ts'
import { startTemporalServer } from '../../stack/temporal-server.ts'
import { freePort } from '../../test/support/free-port.ts'
import { findProgram } from './usage.ts'

/** The servers of one measurement, with nothing in them. */
export type Servers = {
  readonly dir: string
  readonly databaseUrl: string
  readonly temporalAddress: string
  readonly pids: { readonly temporal: readonly number[]; readonly postgres: readonly number[] }
  close(): Promise<void>
}

/** Temporal and Postgres as `npm start` has them, in a folder of their own. */
export async function startServers(): Promise<Servers> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-ingest-'))
  // Postgres runs as another user than root, and must be able to enter.
  await chmod(dir, 0o755)
  const cli = await findTemporalCli({ explicit: loadStackConfig().temporalCli, onProgress: () => undefined })
  const temporal = await startTemporalServer({ cli, dir: join(dir, 'temporal'), port: await freePort() })
  const postgres = await startPostgresServer({ dir: join(dir, 'postgres'), port: await freePort() })
  return {
    dir,
    databaseUrl: postgres.url,
    temporalAddress: temporal.address,
    pids: { temporal: [findProgram('temporal') ?? 0], postgres: [await postmaster(join(dir, 'postgres/data'))] },
    close: async () => {
      await Promise.all([temporal.stop(), postgres.close()])
      await rm(dir, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** It has left the process that started it, but says where it is. */
async function postmaster(data: string): Promise<number> {
  return Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0])
}
