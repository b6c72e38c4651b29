import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { coverageOf, lookForWords } from '../../domain/keyword-scores.ts'
import type { VectorMatch } from '../../domain/ports.ts'

const split = (text: string) => text.toLowerCase().split(/\s+/)
const words = (text: string) => split(text).map((word) => [word])
const terms = { ofText: split, ofQuestion: words }

const match = (text: string, index = 0): VectorMatch => ({
  ...{ fileId: 'f', score: 0.5 },
  chunk: { index, text, tokens: 1, pageStart: 1, pageEnd: 1, headingPath: [], startOffset: 0, endOffset: 1 },
})

describe('a keyword pass', () => {
  test('rates rare words above common ones, and nothing where there is none', async () => {
    const near = ['the pump', 'the valve', 'the hose', 'nothing'].map(match)
    const found = await lookForWords(near, { text: 'the pump', withNearest: true }, terms)
    const [pump, valve, hose, none] = found.map(({ keywordScore }) => keywordScore)
    assert.ok(pump && valve && pump > 2 * valve)
    assert.deepEqual([hose, none], [valve, null])
    const worded = await lookForWords(near, { text: 'the pump', withNearest: false }, terms)
    assert.equal(worded.length, 3)
  })

  test('tells the share of the words that are there: of a single one nothing', () => {
    assert.equal(coverageOf([['a'], ['b'], ['c']], new Set(['a', 'b', 'd'])), 2 / 3)
    assert.equal(coverageOf([['a'], ['b'], ['c']], new Set(['c', 'b', 'a', 'd'])), 1)
    assert.equal(coverageOf([['a', 'other form of a'], ['b']], new Set(['a', 'b'])), 1)
    for (const [wanted, has] of [
      [[], []],
      [[['a']], ['a']],
      [[['a', 'other form of a']], ['a']],
      [[['a'], ['b']], []],
    ] as const)
      assert.equal(coverageOf(wanted, new Set<string>(has)), 0)
  })

  test('lets others have their turn between a few texts', async () => {
    const near = Array.from({ length: 200 }, (_, i) => match('the pump', i))
    let [inThisTurn, longest, isDone] = [0, 0, false]
    const ofText = (text: string) => {
      inThisTurn += 1
      longest = Math.max(longest, inThisTurn)
      return split(text)
    }
    const turn = () => {
      inThisTurn = 0
      if (!isDone) setImmediate(turn)
    }
    turn()
    await lookForWords(near, { text: 'pump', withNearest: true }, { ofText, ofQuestion: words })
    isDone = true
    assert.ok(longest < 20, `${longest} texts at once`)
  })
})
