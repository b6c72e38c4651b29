import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type pg from 'pg'
import { openDatabase, patient, transaction } from '../../adapters/postgres-database.ts'
import { DatabaseUnavailable } from '../../domain/database-unavailable.ts'
import type { TestDatabase } from '../support/database.ts'
import { createDatabase } from '../support/database.ts'
import { freePort } from '../support/free-port.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

describe('the database', () => {
  let database: TestDatabase

  before(async () => {
    database = await createDatabase()
  })
  after(() => database.close())

  /** As an administrator would, or a server that stops. */
  const terminate = (pid: number) => database.pool.query('select pg_terminate_backend($1)', [pid])

  test('gives up a transaction whose connection is lost between two queries, and goes on with another one', async () => {
    const work = transaction(database.pool, async (client) => {
      const gone = new Promise((resolve) => client.once('end', resolve))
      await terminate(await pidOf(client))
      await gone
      return client.query('select 1')
    })
    await assert.rejects(work, DatabaseUnavailable)
    assert.equal(await transaction(database.pool, one), 1)
  })

  test('gives up a transaction whose connection is lost in the middle of a query', async () => {
    const work = transaction(database.pool, async (client) => {
      const pid = await pidOf(client)
      // Together: the query may fail before its end is told to whoever terminated it.
      return Promise.all([client.query('select pg_sleep(60)'), terminate(pid)])
    })
    await assert.rejects(work, DatabaseUnavailable)
    assert.equal(await transaction(database.pool, one), 1)
  })

  test('leaves errors of a query as they are, and rolls back', async () => {
    await assert.rejects(database.pool.query('select nothing'), { code: '42703' })
    const work = transaction(database.pool, async (client) => {
      await client.query('create table half_done (id int)')
      await client.query('select nothing')
    })
    await assert.rejects(work, { code: '42703' })
    await assert.rejects(database.pool.query('select from half_done'), { code: '42P01' })
  })

  test('gives up queries that are not answered, and is there again once the server is', async (t) => {
    const proxy = new TcpProxy(database.url)
    const limits = { queryTimeoutMs: 300, connectTimeoutMs: 300 }
    const pool = openDatabase({ url: await proxy.listen(), connections: 2 }, () => undefined, limits)
    t.after(() => pool.end().finally(() => proxy.close()))
    await Promise.all([one(pool), one(pool)])
    proxy.fallSilent()
    // Two hang on their connections, the others wait for one, or for a new one.
    const asked = await Promise.allSettled(Array.from({ length: 6 }, () => one(pool)))
    for (const answer of asked) assert.ok(answer.status === 'rejected' && answer.reason instanceof DatabaseUnavailable)
    await assert.rejects(transaction(pool, one), DatabaseUnavailable)
    proxy.speakAgain()
    assert.equal(await one(pool), 1)
  })

  test('waits longer for queries that say so', async (t) => {
    const pool = openDatabase({ url: database.url, connections: 1 }, () => undefined, { queryTimeoutMs: 50 })
    t.after(() => pool.end())
    await assert.rejects(pool.query('select pg_sleep(0.3)'), DatabaseUnavailable)
    await pool.query(patient('select pg_sleep(0.3)'))
  })

  test('says so where nobody listens, or nobody is known by its name', async () => {
    for (const host of [`127.0.0.1:${await freePort()}`, 'no-such-host.invalid:5432']) {
      const pool = openDatabase({ url: `postgres://nobody@${host}/none`, connections: 1 }, () => undefined)
      await assert.rejects(one(pool), (error: Error) => {
        assert.ok(error instanceof DatabaseUnavailable, error.message)
        assert.match(error.message, /ECONNREFUSED|ENOTFOUND|EAI_AGAIN/)
        return true
      })
      await pool.end()
    }
  })
})

async function one(client: pg.Pool | pg.PoolClient): Promise<number | undefined> {
  const { rows } = await client.query<{ one: number }>('select 1 as one')
  return rows[0]?.one
}

async function pidOf(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]?.pid ?? 0
}
