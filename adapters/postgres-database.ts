import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import type { DatabaseConfig } from '../config.ts'
import { decodeCursor, encodeCursor } from '../domain/cursor.ts'
import type { PageOf } from '../domain/ports.ts'

/** A pool of connections. A broken idle one is dropped and the next query opens another, so a restart of Postgres passes. */
export function openDatabase({ url, connections }: DatabaseConfig, onIdleError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 10_000,
    application_name: 'expertsmith',
  })
  pool.on('error', onIdleError)
  return pool
}

/** Brings the schema up to date. Processes that start together wait for each other. */
export async function migrate({ url }: Pick<DatabaseConfig, 'url'>): Promise<void> {
  await runner({
    databaseUrl: url,
    dir: join(import.meta.dirname, '../migrations'),
    migrationsTable: 'migrations',
    direction: 'up',
    advisoryLockMode: 'wait',
    log: () => undefined,
  })
}

/** Runs the queries of `work` in one transaction on one connection. */
export async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    client.release()
    return result
  } catch (error) {
    // A connection whose transaction broke is not worth saving: closing it rolls back.
    client.release(true)
    throw error
  }
}

const TIMESTAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?[+-]\d\d(:\d\d)?$/
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Newest first: the key is `created_at::text`, which keeps the microseconds that a JavaScript date loses, then the id. */
export const decodeNewestFirst = (cursor: string | undefined) =>
  cursor === undefined ? [null, null] : decodeCursor(cursor, [TIMESTAMP, UUID])

export const decodePosition = (cursor: string | undefined) =>
  cursor === undefined ? '0' : (decodeCursor(cursor, [/^\d{1,18}$/])[0] ?? '0')

/** `rows` holds one more than `limit` where there is another page. */
export function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => T,
  keyOf: (row: Row) => readonly string[],
): PageOf<T> {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return { items: page.map(toItem), nextCursor: rows.length > limit && last ? encodeCursor(keyOf(last)) : null }
}
