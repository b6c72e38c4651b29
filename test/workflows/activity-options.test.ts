import assert from 'node:assert/strict'
import { test } from 'node:test'
import { triesWithin } from '../../workflows/activity-options.ts'

test('as many tries as the back-off of 1, 2, 4, 8, 16, 30, 30 … seconds makes in a time', () => {
  const tries = (seconds: number) => triesWithin(seconds * 1_000).maximumAttempts
  assert.deepEqual([0, 1, 3, 8, 31, 60, 61, 1_800].map(tries), [1, 2, 3, 4, 6, 6, 7, 64])
})
