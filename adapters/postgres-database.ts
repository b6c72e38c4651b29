import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import type { DatabaseConfig } from '../config.ts'
import { decodeCursor, encodeCursor } from '../domain/cursor.ts'
import type { PageOf } from '../domain/ports.ts'
import { toOutage } from './postgres-outage.ts'

/** In milliseconds. `queryTimeoutMs` ends a query whose answer does not come, as after a failover that told nobody. */
type Limits = { readonly queryTimeoutMs?: number; readonly connectTimeoutMs?: number }

const QUERY_TIMEOUT_MS = 60_000
const PATIENT_TIMEOUT_MS = 900_000
const CHECK_TIMEOUT_MS = 4_000
const CONNECT_TIMEOUT_MS = 10_000
const KEEP_ALIVE_MS = 10_000

/**
 * A pool of connections. A broken one is dropped and the next query opens another, so a restart of Postgres passes.
 * Its queries throw DatabaseUnavailable where the database does not answer.
 */
export function openDatabase(
  { url, connections }: DatabaseConfig,
  onIdleError: (error: Error) => void,
  { queryTimeoutMs = QUERY_TIMEOUT_MS, connectTimeoutMs = CONNECT_TIMEOUT_MS }: Limits = {},
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    application_name: 'expertsmith',
  })
  pool.on('error', onIdleError)
  return tellingOutages(pool)
}

function tellingOutages(pool: pg.Pool): pg.Pool {
  const ask: (...question: unknown[]) => Promise<unknown> = pool.query.bind(pool)
  const query = (...question: unknown[]) =>
    ask(...question).catch((error: unknown) => {
      throw toOutage(error)
    })
  return Object.assign(pool, { query })
}

/** A query that may take long, since it reads contents, or all rows of a table. */
export const patient = (text: string, values: unknown[] = []) => ({ text, values, query_timeout: PATIENT_TIMEOUT_MS })

/** Resolves when the database answers. Gives up early, so that checks do not take the pool's connections while it doesn't. */
export async function checkDatabase(pool: pg.Pool): Promise<void> {
  const question = { text: 'select 1', query_timeout: CHECK_TIMEOUT_MS }
  await pool.query(question)
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

/**
 * Runs the queries of `work` in one transaction on one connection.
 * @throws DatabaseUnavailable where the connection was lost; whether the transaction was committed is not known then
 */
export async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  try {
    return await onOneConnection(pool, async (client) => {
      await client.query('begin')
      const result = await work(client)
      await client.query('commit')
      return result
    })
  } catch (error) {
    throw toOutage(error)
  }
}

async function onOneConnection<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  // The pool listens to idle connections only, and an error that nobody hears ends the process. The next query tells of it.
  client.on('error', ignore)
  const release = (broken: boolean) => client.off('error', ignore).release(broken)
  try {
    const result = await work(client)
    release(false)
    return result
  } catch (error) {
    // A connection whose transaction broke is not worth saving: closing it rolls back.
    release(true)
    throw error
  }
}

const ignore = () => undefined

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
