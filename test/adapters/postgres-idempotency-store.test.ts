import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { PostgresIdempotencyStore } from '../../adapters/postgres-idempotency-store.ts'
import type { NewRequest } from '../../domain/ports.ts'
import type { TestDatabase } from '../support/database.ts'
import { createDatabase } from '../support/database.ts'

const ANSWER = { status: 201, body: { id: 'made' } }

describe('the hold of a request on its Idempotency-Key', () => {
  let database: TestDatabase
  let store: PostgresIdempotencyStore

  before(async () => {
    database = await createDatabase()
    store = new PostgresIdempotencyStore(database.pool)
  })
  after(() => database.close())

  const newRequest = (changes: Partial<NewRequest> = {}): NewRequest => ({
    userId: randomUUID(),
    route: 'POST /things',
    key: 'key',
    holder: randomUUID(),
    milliseconds: 60_000,
    fingerprint: 'a'.repeat(64),
    resourceId: randomUUID(),
    ...changes,
  })
  const another = (request: NewRequest) => ({ ...request, holder: randomUUID(), resourceId: randomUUID() })

  test('is renewed by its holder, however short it was', async () => {
    const first = newRequest({ milliseconds: 0 })
    await store.begin(first)
    await store.renew({ ...first, milliseconds: 60_000 })
    assert.equal((await store.begin(another(first))).state, 'under way')
  })

  test('goes to one of those who come when it has ended, with the id of the first', async () => {
    const first = newRequest({ milliseconds: 0 })
    await store.begin(first)
    const next = Array.from({ length: 8 }, () => ({ ...another(first), milliseconds: 60_000 }))
    const begun = await Promise.all(next.map((request) => store.begin(request)))
    assert.deepEqual(
      begun.filter(({ state }) => state === 'begun'),
      [{ state: 'begun', resourceId: first.resourceId, isResumed: true }],
    )
  })

  test('that was lost changes nothing any more', async () => {
    const first = newRequest({ milliseconds: 0 })
    await store.begin(first)
    const second = { ...another(first), milliseconds: 60_000 }
    await store.begin(second)
    await store.renew({ ...first, milliseconds: 0 })
    await store.keep(first, 'b'.repeat(64), ANSWER)
    await store.letGo(first)
    await store.forget(first)
    assert.equal((await store.begin(another(first))).state, 'under way')

    await store.keep(second, 'a'.repeat(64), ANSWER)
    await store.forget(second)
    const answered = { state: 'answered', fingerprint: 'a'.repeat(64), answer: ANSWER }
    assert.deepEqual(await store.begin(another(first)), answered)
  })
})
