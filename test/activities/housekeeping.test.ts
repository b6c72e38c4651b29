import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { removeObjects } from '../../activities/housekeeping/remove-objects.ts'
import type { ChoreInput, ChoreWork } from '../../activities/housekeeping/run-chore.ts'
import { runChore } from '../../activities/housekeeping/run-chore.ts'
import { PostgresFileStore } from '../../adapters/postgres-file-store.ts'
import { PostgresHousekeepingStore } from '../../adapters/postgres-housekeeping-store.ts'
import type { ChoreOutcome } from '../../domain/housekeeping.ts'
import { originalKey } from '../../domain/keys.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

/** So many leftovers, in pages of a thousand; `settled` gets what is settled. */
function leftovers(count: number, settled: number[] = []): ChoreWork<number> {
  return {
    chore: 'remove-objects',
    leftovers: async function* () {
      for (let start = 0; start < count; start += 1_000)
        yield Array.from({ length: Math.min(1_000, count - start) }, (_, i) => start + i)
    },
    nameOf: String,
    settle: async (items) => {
      settled.push(...items)
      return items.length
    },
  }
}

const run = (environment: MockActivityEnvironment, input: ChoreInput, work: ChoreWork<number>): Promise<ChoreOutcome> =>
  environment.run(() => runChore(input, work))

describe('a chore', () => {
  test('ends after as many as one run may settle, and says that there are more; a dry run counts them all', async () => {
    const settled: number[] = []
    const work = leftovers(100_500, settled)
    const real = await run(new MockActivityEnvironment(), { dryRun: false }, work)
    assert.deepEqual([real.found, real.done, real.more, settled.length], [100_000, 100_000, true, 100_000])
    const dry = await run(new MockActivityEnvironment(), { dryRun: true }, work)
    assert.deepEqual([dry.found, dry.done, dry.more, settled.length], [100_500, 0, false, 100_000])
  })

  test('adds to what the attempt before it had settled', async () => {
    const environment = new MockActivityEnvironment({
      attempt: 2,
      heartbeatDetails: { done: 40, examples: ['a', 'b'] },
    })
    const outcome = await run(environment, { dryRun: false }, leftovers(3))
    assert.deepEqual(outcome, { found: 43, done: 43, more: false, examples: ['a', 'b', '0', '1', '2'] })
  })

  test('tells in its heartbeats what it has settled, and stops when it is cancelled', async () => {
    const environment = new MockActivityEnvironment()
    const heartbeat = once(environment, 'heartbeat')
    heartbeat.then(() => environment.cancel())
    const settled: number[] = []
    const work = leftovers(1_000, settled)
    const untilTold: ChoreWork<number>['settle'] = async (items, options) => {
      if (settled.length > 0) await heartbeat
      return work.settle(items, options)
    }
    await assert.rejects(run(environment, { dryRun: false }, { ...work, settle: untilTold }))
    const [{ done }] = await heartbeat
    assert.deepEqual([done, settled.length], [20, 40])
  })
})

describe('remove-objects', () => {
  let world: World
  before(async () => {
    world = await startWorld({ workers: false })
  })
  after(() => world.close())

  test('keeps an object whose row came between the look at it and its removal', async () => {
    const [userId, fileId] = [randomUUID(), randomUUID()]
    const key = originalKey(userId, fileId, randomUUID())
    await world.objects.upload(key, Buffer.from('late'))
    const insert = () =>
      new PostgresFileStore(world.database.pool).insert({
        ...{ id: fileId, userId, name: 'late.txt', originalName: 'late.txt', size: 4, type: 'text/plain' },
        ...{ s3Url: '', s3Key: key, sha256: 'a'.repeat(64), processingStatus: 'uploaded' },
      })
    class OvertakenStore extends PostgresHousekeepingStore {
      override async keysWithoutFile(keys: readonly string[]): Promise<string[]> {
        const found = await super.keysWithoutFile(keys)
        if (found.length > 0) await insert()
        return found
      }
    }
    const housekeeping = new OvertakenStore(world.database.pool)
    // Without any grace, so that it counts as old.
    const chore = removeObjects({ objects: world.objects, housekeeping, housekeepingGraceMs: -1_000 })
    const outcome = await new MockActivityEnvironment().run(chore, { dryRun: false })
    assert.deepEqual(outcome, { found: 1, done: 0, more: false, examples: [key] })
    assert.equal(await world.objects.size(key), 4)
  })
})
