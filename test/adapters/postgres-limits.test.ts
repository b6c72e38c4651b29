import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { PostgresLeaseStore } from '../../adapters/postgres-lease-store.ts'
import { PostgresRateLimit } from '../../adapters/postgres-rate-limit.ts'
import type { TestDatabase } from '../support/database.ts'
import { createDatabase } from '../support/database.ts'

describe('what workers share in Postgres', () => {
  let database: TestDatabase

  before(async () => {
    database = await createDatabase()
  })
  after(() => database.close())

  const limit = (name: string, tokensPerMinute: number | undefined, requestsPerMinute?: number) =>
    new PostgresRateLimit(database.pool, { name, tokensPerMinute, requestsPerMinute })
  const about = (milliseconds: number, seconds: number) =>
    assert.ok(Math.abs(milliseconds / 1_000 - seconds) < 10, `${milliseconds} ms is not about ${seconds} s`)

  describe('a rate limit', () => {
    test('lets a tenth of a minute through at once, then makes all workers together wait for their turn', async () => {
      const [one, other] = [limit('tokens', 60), limit('tokens', 60)]
      assert.equal(await one.reserve({ requests: 1, tokens: 6 }), 0)
      about(await other.reserve({ requests: 1, tokens: 100 }), 100)
      about(await one.reserve({ requests: 1, tokens: 100 }), 200)
    })

    test('counts requests and tokens, and has who asks wait for both', async () => {
      const both = limit('both', 600, 1)
      about(await both.reserve({ requests: 1, tokens: 1 }), 54)
      about(await both.reserve({ requests: 1, tokens: 3_000 }), 294)
    })

    test('is none where none is configured', async () => {
      for (let i = 0; i < 3; i++) assert.equal(await limit('none', undefined).reserve({ requests: 1, tokens: 1e9 }), 0)
    })

    test('gives nobody what another was given, however many ask at once', async () => {
      const asking = Array.from({ length: 20 }, () => limit('many', 1).reserve({ requests: 1, tokens: 1 }))
      const waits = (await Promise.all(asking)).sort((a, b) => a - b)
      for (const [i, wait] of waits.entries()) about(wait, 54 + i * 60)
    })
  })

  describe('a lease', () => {
    const leases = () => new PostgresLeaseStore(database.pool)

    test('has one holder, until it is released', async () => {
      const [one, other] = [randomUUID(), randomUUID()].map((holder) => ({ name: 'work', holder }))
      assert.ok(one && other)
      assert.equal(await leases().acquire(one, 60_000), true)
      assert.equal(await leases().acquire(other, 60_000), false)
      assert.equal(await leases().acquire(one, 60_000), true, 'its holder renews it')
      await leases().release(other)
      assert.equal(await leases().acquire(other, 60_000), false)
      await leases().release(one)
      assert.equal(await leases().acquire(other, 60_000), true)
    })

    test('of the dead expires', async () => {
      assert.equal(await leases().acquire({ name: 'dead', holder: randomUUID() }, -1), true)
      assert.equal(await leases().acquire({ name: 'dead', holder: randomUUID() }, 60_000), true)
    })

    test('is given to one of many who ask at once', async () => {
      const answers = Array.from({ length: 20 }, () => leases().acquire({ name: 'race', holder: randomUUID() }, 60_000))
      assert.equal((await Promise.all(answers)).filter(Boolean).length, 1)
    })
  })
})
