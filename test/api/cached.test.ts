import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { Cached } from '../../api/cached.ts'
import { gaugeOf } from '../../api/gauge-of.ts'

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

test('a scrape does not wait for what is slow: it has no value, and the next scrape gets what was loaded meanwhile', async () => {
  const slow = Promise.withResolvers<number>()
  const registry = new Registry()
  const cached = new Cached(
    () => slow.promise,
    () => 60_000,
  )
  const gauge = gaugeOf(registry, () => cached.get(), 20)
  gauge({ name: 'slow', help: 'Slow.', set: (gauge, value) => gauge.set(value) })
  assert.doesNotMatch(await registry.metrics(), /^expertsmith_slow/m)
  slow.resolve(7)
  assert.match(await registry.metrics(), /^expertsmith_slow 7$/m)
})
