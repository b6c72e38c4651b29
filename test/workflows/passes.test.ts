import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ReindexProgress } from '../../domain/reindex.ts'
import type { Passes } from '../../workflows/passes.ts'
import { areInVain, countPass } from '../../workflows/passes.ts'

/** How many files are built, and how many are to come, after each pass. */
const areInVainAfter = (...passes: [built: number, pending: number][]) => {
  let last: Passes | undefined
  for (const [built, pending] of passes) {
    const progress: ReindexProgress = { files: built + pending, built, failed: 0, pending }
    last = countPass(last, progress)
  }
  return last !== undefined && areInVain(last)
}

describe('passes over the files of a re-index', () => {
  test('are in vain where three in a row leave the files as they were', () => {
    assert.equal(areInVainAfter([4, 2], [4, 2]), false)
    assert.equal(areInVainAfter([4, 2], [4, 2], [4, 2]), true)
  })

  test('get on where files come as fast as they are built, where some of the same number are others, and at the end', () => {
    assert.equal(areInVainAfter([4, 2], [6, 2], [8, 2], [10, 2]), false)
    assert.equal(areInVainAfter([4, 2], [4, 2], [5, 2], [5, 2]), false)
    assert.equal(areInVainAfter([4, 0], [4, 0], [4, 0]), false)
  })
})
