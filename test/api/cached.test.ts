import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cached } from '../../api/cached.ts'

test('a value is loaded once for all who ask at a time, and again once it is stale; a failure is not kept', async () => {
  let loads = 0
  let fails = false
  const load = async () => {
    loads += 1
    if (fails) throw new Error('away')
    return loads
  }
  const fresh = new Cached(load, () => 60_000)
  assert.deepEqual(await Promise.all([fresh.get(), fresh.get()]), [1, 1])
  assert.equal(await fresh.get(), 1)

  const stale = new Cached(load, () => 0)
  assert.equal(await stale.get(), 2)
  fails = true
  await assert.rejects(stale.get())
  fails = false
  assert.equal(await stale.get(), 4)
})
