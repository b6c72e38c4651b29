import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { QuietTimer } from '../../adapters/quiet-timer.ts'

const QUIET_MS = 10
const WORK_MS = 60

test('upkeep that takes long rests four times as long, whatever is written meanwhile', async () => {
  const spans: { begun: number; ended: number }[] = []
  const twice = Promise.withResolvers<void>()
  const timer = new QuietTimer(async () => {
    const begun = performance.now()
    await delay(WORK_MS)
    spans.push({ begun, ended: performance.now() })
    if (spans.length === 2) twice.resolve()
  }, QUIET_MS)
  const writing = setInterval(() => timer.touch('expert'), 3 * QUIET_MS)
  await twice.promise
  clearInterval(writing)
  await timer.stop()
  const [first, second] = spans
  assert.ok(first && second && second.begun - first.ended >= 4 * (first.ended - first.begun) - QUIET_MS)
})
