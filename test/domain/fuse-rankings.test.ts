import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fusedScores, fuseRankings, KEYWORD_WEIGHT } from '../../domain/fuse-rankings.ts'
import type { Candidate } from '../../domain/ports.ts'

const CHUNK = { index: 0, text: '', tokens: 1, pageStart: 1, pageEnd: 1, headingPath: [], startOffset: 0, endOffset: 0 }
const candidate = (fileId: string, score: number, keywordScore: number | null, coverage = 0): Candidate => ({
  ...{ fileId, score, keywordScore, coverage },
  chunk: CHUNK,
})
const order = (weight: number, ...candidates: Candidate[]) =>
  fuseRankings(candidates, weight).map(({ fileId }) => fileId)

describe('fused rankings', () => {
  test('put first what both rankings have near the top', () => {
    const found = [candidate('near', 0.9, null), candidate('worded', 0.1, 9), candidate('both', 0.8, 8)]
    assert.deepEqual(order(KEYWORD_WEIGHT.semantic, ...found)[0], 'both')
  })

  test('are one of the two at each end of the weight', () => {
    const found = [candidate('a', 0.9, 1), candidate('b', 0.5, 3), candidate('c', 0.1, 2)]
    assert.deepEqual(order(0, ...found), ['a', 'b', 'c'])
    assert.deepEqual(order(1, ...found), ['b', 'c', 'a'])
  })

  test('do not depend on the range of the cosines of a model', () => {
    const found = [candidate('a', 0.9, 1), candidate('b', 0.5, 3), candidate('c', 0.1, 2)]
    const narrow = found.map((each) => ({ ...each, score: 0.7 + each.score / 4 }))
    assert.deepEqual(order(0.5, ...narrow), order(0.5, ...found))
  })

  test('make nothing of words that say nothing, nor of cosines that are all the same', () => {
    const words = [candidate('near', 0.9, 0.01), candidate('far', 0.2, 0.02)]
    assert.equal(order(KEYWORD_WEIGHT.semantic, ...words)[0], 'near')
    const cosines = [candidate('near', 0.9001, 3), candidate('far', 0.9, 6)]
    assert.equal(order(0.1, ...cosines)[0], 'far')
  })

  test('put first what has all words of the question, before what has some of them more often', () => {
    const words = [candidate('some', 0.7, 16, 0.8), candidate('all', 0.7, 15, 1), candidate('none', 0.1, null)]
    for (const weight of Object.values(KEYWORD_WEIGHT)) assert.equal(order(weight, ...words)[0], 'all')
  })

  test('have scores between 0 and 1, also of one candidate and of none', () => {
    assert.deepEqual(fusedScores([], 0.5), [])
    assert.deepEqual(fusedScores([candidate('a', 0.3, null)], 0.5), [0.5])
    const many = Array.from({ length: 400 }, (_, i) =>
      candidate(`f${i}`, i === 0 ? 1 : 0, i === 0 ? 50 : null, i === 0 ? 1 : 0),
    )
    assert.ok(fusedScores(many, 0.5).every((score) => score > 0 && score < 1))
  })
})
