import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../stack/run-program.ts'
import type { TestDatabase } from './database.ts'
import { administer, cloneDatabase, createEmptyDatabase } from './database.ts'

/** What a backup of a database is good for. */
export type DatabaseDump = { restore(): Promise<TestDatabase>; remove(): Promise<void> }

/**
 * By the commands that docs/operations.md has, where this machine's pg_dump is not older than the server, as pg_dump wants it;
 * else Postgres copies the whole database, which gives the same rows.
 */
export async function dumpDatabase(database: TestDatabase): Promise<DatabaseDump> {
  return (await canDump(database)) ? dumpByCommand(database.url) : dumpByCopy(database.url)
}

async function canDump({ pool }: TestDatabase): Promise<boolean> {
  const version = await run('pg_dump', ['--version']).then(
    ({ stdout }) => /\d+/.exec(stdout)?.[0] ?? 0,
    () => 0,
  )
  const { rows } = await pool.query(`select current_setting('server_version_num')::int / 10000 as major`)
  return Number(version) >= rows[0].major
}

async function dumpByCommand(url: string): Promise<DatabaseDump> {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-dump-'))
  const dump = join(dir, 'expertsmith.dump')
  await run('pg_dump', ['--format=custom', `--file=${dump}`, url])
  return {
    restore: async () => {
      const restored = await createEmptyDatabase()
      await run('pg_restore', ['--no-owner', '--exit-on-error', `--dbname=${restored.url}`, dump])
      return restored
    },
    remove: () => rm(dir, { recursive: true }),
  }
}

/** Postgres copies no database that somebody uses: for the moment all are sent away, and come back. */
async function dumpByCopy(url: string): Promise<DatabaseDump> {
  const source = new URL(url).pathname.slice(1)
  const dump = `dump_${randomBytes(6).toString('hex')}`
  await administer(`alter database ${source} with allow_connections false`)
  await administer(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${source}'`)
  await administer(`create database ${dump} template ${source}`)
  await administer(`alter database ${source} with allow_connections true`)
  return { restore: () => cloneDatabase(dump), remove: () => administer(`drop database ${dump}`) }
}
