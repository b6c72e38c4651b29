import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { openDatabase } from '../../adapters/postgres-database.ts'
import { infrastructure, TEMPLATE_DATABASE } from './infrastructure.ts'

export type TestDatabase = { readonly url: string; readonly pool: pg.Pool; close(): Promise<void> }

/** A migrated database of one's own, cloned from the template. */
export const createDatabase = () => cloneDatabase(TEMPLATE_DATABASE)

/** One without any table. */
export const createEmptyDatabase = () => cloneDatabase('template0')

export async function cloneDatabase(template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await administer(`create database ${name} template ${template}`)
  const url = new URL(infrastructure().databaseUrl)
  url.pathname = name
  const pool = openDatabase({ url: url.href, connections: 10 }, () => undefined)
  return {
    url: url.href,
    pool,
    close: async () => {
      await pool.end()
      await administer(`drop database ${name} with (force)`)
    },
  }
}

export async function administer(sql: string): Promise<void> {
  const client = new pg.Client(infrastructure().databaseUrl)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
