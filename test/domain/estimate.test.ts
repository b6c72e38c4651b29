import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { FileFacts } from '../../domain/estimate.ts'
import { estimate, tokensOf } from '../../domain/estimate.ts'
import { FAILURES } from '../../domain/failure.ts'
import { corpusMissing, corpusPath } from '../support/corpus.ts'
import { factsOf, measureCorpus } from '../support/measured-files.ts'

const READERS = { largestBytes: 1_000_000, readsPictures: false }

let files = 0
const file = (name: string, bytes: number, facts: Partial<FileFacts> = {}): FileFacts => {
  files += 1
  return { ...factsOf({ name, bytes }), id: `id-${files}`, sha256: `content-${files}`, ...facts }
}

describe('the estimate of what files will take', () => {
  test('is exact where the content was embedded before; nothing is to be paid where that is still there, and all or nothing where nobody knows', () => {
    const known = file('a.pdf', 9_999, { tokens: 700 })
    assert.deepEqual(estimate([known], READERS).tokens, { from: 700, expected: 700, to: 700 })
    const { tokens, tokensReused } = estimate([{ ...known, isEmbedded: true }], READERS)
    assert.deepEqual([tokens, tokensReused], [{ from: 0, expected: 0, to: 0 }, 700])
    const otherwise = estimate([{ ...known, isCountedAlike: false }], READERS)
    assert.ok(otherwise.tokens.from < otherwise.tokens.expected && otherwise.tokens.expected < otherwise.tokens.to)
    const perhaps = estimate([{ ...known, mayBeEmbedded: true }], READERS)
    assert.deepEqual([perhaps.tokens, perhaps.tokensReused], [{ from: 0, expected: 700, to: 700 }, 0])
  })

  test('has content that several files share paid for once', () => {
    const sha256 = 'shared'
    const { tokens, tokensReused } = estimate(
      [file('a.txt', 3_200, { sha256 }), file('b.txt', 3_200, { sha256 })],
      READERS,
    )
    assert.equal(tokens.expected, 1_000)
    assert.equal(tokensReused, 1_000)
  })

  test('is narrower where the text was read once, and for many files than for one', () => {
    const width = ({ from, to }: { from: number; to: number }) => to - from
    const one = file('a.pdf', 100_000)
    assert.ok(width(tokensOf({ ...one, wordCount: 2_000, language: 'en' })) < width(tokensOf(one)))
    const many = Array.from({ length: 100 }, () => file('a.pdf', 100_000))
    assert.ok(width(estimate(many, READERS).tokens) < 100 * width(tokensOf(one)) * 0.7)
  })

  test('tells of files that will hardly work, and counts nothing for them', () => {
    const { tokens, warnings } = estimate(
      [
        file('lost.txt', 5_000, { processingStatus: 'not_stored' }),
        file('empty.txt', 0),
        file('music.mp3', 5_000),
        file('picture.png', 5_000),
        file('large.docx', 2_000_000),
        file('locked.pdf', 5_000, { processingStatus: 'failed', failedBy: 'ENCRYPTED' }),
      ],
      READERS,
    )
    assert.deepEqual(
      warnings.map(({ name, code }) => [name, code]),
      [
        ['lost.txt', 'CONTENT_NOT_STORED'],
        ['empty.txt', 'CORRUPT'],
        ['music.mp3', 'UNSUPPORTED_TYPE'],
        ['picture.png', 'UNSUPPORTED_TYPE'],
        ['large.docx', 'TOO_LARGE'],
        ['locked.pdf', 'ENCRYPTED'],
      ],
    )
    assert.equal(warnings.at(-1)?.message, FAILURES.ENCRYPTED.sentence)
    assert.equal(tokens.to, 0)
  })

  test('says nothing against large PDFs, pictures that are recognised, and files that failed for another reason', () => {
    const { warnings } = estimate(
      [
        file('large.pdf', 50_000_000),
        file('picture.png', 5_000),
        file('late.txt', 5_000, { processingStatus: 'failed', failedBy: 'VECTOR_STORE_UNAVAILABLE' }),
      ],
      { ...READERS, readsPictures: true },
    )
    assert.deepEqual(warnings, [])
  })

  test('holds for real files: four of five are within, and so are all together', { skip: corpusMissing }, async (t) => {
    // Large ones take seconds to read.
    const real = await measureCorpus(({ file }) => statSync(corpusPath(file)).size < 150_000)
    const within = real.filter((each) => {
      const { from, to } = tokensOf(factsOf(each))
      return from <= each.tokens && each.tokens <= to
    })
    const sum = real.reduce((total, { tokens }) => total + tokens, 0)
    const { tokens } = estimate(real.map(factsOf), { ...READERS, largestBytes: Number.POSITIVE_INFINITY })
    t.diagnostic(
      `${within.length} of ${real.length} files; ${sum} tokens, ${tokens.from} … ${tokens.expected} … ${tokens.to}`,
    )
    assert.ok(within.length >= 0.8 * real.length, `${within.length} of ${real.length}`)
    assert.ok(tokens.from <= sum && sum <= tokens.to, `${tokens.from} … ${tokens.to}, not ${sum}`)
  })
})
