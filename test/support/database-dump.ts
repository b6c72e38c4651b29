import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../stack/run-program.ts'
import type { TestDatabase } from './database.ts'
import { administer, cloneDatabase, createEmptyDatabase } from './database.ts'

/** What a backup of a database is good for. */
export type DatabaseDump = {
  /** How it was made, for whoever reads the test's report. */
  readonly means: string
  restore(): Promise<TestDatabase>
  remove(): Promise<void>
}

/**
 * By the commands that docs/operations/backup.md has, where this machine's pg_dump is not older than the server, as pg_dump wants it;
 * else Postgres copies the whole database, which gives the same rows.
 */
export async function dumpDatabase(database: TestDatabase): Promise<DatabaseDump> {
  const [command, server] = [await commandVersion(), await serverVersion(database)]
  if (command >= server) return dumpByCommand(database.url, command)
  const why = command > 0 ? `pg_dump is version ${command}, the server ${server}` : 'there is no pg_dump'
  return dumpByCopy(database.url, why)
}

/** 0: there is none. */
const commandVersion = () =>
  run('pg_dump', ['--version']).then(
    ({ stdout }) => Number(/\d+/.exec(stdout)?.[0] ?? 0),
    () => 0,
  )

async function serverVersion({ pool }: TestDatabase): Promise<number> {
  const { rows } = await pool.query(`select current_setting('server_version_num')::int / 10000 as major`)
  return rows[0].major
}

async function dumpByCommand(url: string, version: number): Promise<DatabaseDump> {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-dump-'))
  const dump = join(dir, 'expertsmith.dump')
  await run('pg_dump', ['--format=custom', `--file=${dump}`, url])
  return {
    means: `by pg_dump ${version} and pg_restore, as docs/operations/backup.md has it`,
    restore: async () => {
      const restored = await createEmptyDatabase()
      await run('pg_restore', ['--no-owner', '--exit-on-error', `--dbname=${restored.url}`, dump])
      return restored
    },
    remove: () => rm(dir, { recursive: true }),
  }
}

/** Postgres copies no database that somebody uses: for the moment all are sent away, and come back. */
async function dumpByCopy(url: string, why: string): Promise<DatabaseDump> {
  const source = new URL(url).pathname.slice(1)
  const dump = `dump_${randomBytes(6).toString('hex')}`
  await administer(`alter database ${source} with allow_connections false`)
  await administer(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${source}'`)
  await administer(`create database ${dump} template ${source}`)
  await administer(`alter database ${source} with allow_connections true`)
  return {
    means: `by a copy in Postgres itself: ${why}`,
    restore: () => cloneDatabase(dump),
    remove: () => administer(`drop database ${dump}`),
  }
}
