import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Chunk, Page } from '../../domain/chunk.ts'
import { PAGE_BREAK } from '../../domain/chunk.ts'
import type { ChunkingOptions } from '../../domain/chunking.ts'
import { chunkerVersion } from '../../domain/chunking.ts'
import { anyText } from '../support/any-text.ts'
import { chunk, countCodePoints, counterNames, counters, pagesOf } from '../support/chunking.ts'

const joined = (pages: readonly Page[]) => pages.map((page) => page.text).join(PAGE_BREAK)
const input = fc.record({
  pages: fc.array(anyText, { maxLength: 6 }).map((texts) => pagesOf(...texts)),
  counter: fc.constantFrom(...counterNames),
  maxTokens: fc.integer({ min: 8, max: 90 }),
  overlapTokens: fc.integer({ min: 0, max: 60 }),
})

/** Runs the check over many documents and options. */
const always = (
  check: (chunks: Chunk[], document: { text: string; pages: Page[]; options: ChunkingOptions }) => void,
) =>
  fc.assert(
    fc.property(input, ({ pages, counter, ...sizes }) => {
      const options = { ...sizes, countTokens: counters[counter] }
      check(chunk(pages, options), { text: joined(pages), pages, options })
    }),
    { numRuns: 200 },
  )

describe('chunks of any text', () => {
  test('hold every character that is not white space, in order', () =>
    always((chunks, { text }) => {
      let covered = 0
      for (const { startOffset, endOffset } of chunks) {
        if (startOffset > covered) assert.equal(text.slice(covered, startOffset).trim(), '')
        assert.ok(endOffset > covered, 'each chunk brings new text')
        covered = endOffset
      }
      assert.equal(text.slice(covered).trim(), '')
    }))

  test('are what their offsets say behind the header of their table, are numbered, and begin and end with text', () =>
    always((chunks, { text }) => {
      for (const [index, each] of chunks.entries()) {
        const slice = text.slice(each.startOffset, each.endOffset)
        assert.equal(each.index, index)
        assert.ok(each.text.endsWith(slice))
        assert.equal(slice.trimEnd(), slice)
        assert.notEqual(slice.trim(), '')
        const header = each.text.slice(0, each.text.length - slice.length)
        if (header) assert.match(header, /^[^\n]*\|[^\n]*\n[^\n]*-[^\n]*\n$/)
        assert.ok(text.slice(0, each.startOffset).includes(header.trimEnd()))
      }
    }))

  test('stay within the limit and say how many tokens they have', () =>
    always((chunks, { options }) => {
      for (const each of chunks) {
        assert.equal(each.tokens, options.countTokens(each.text))
        assert.ok(each.tokens <= options.maxTokens, `${each.tokens} > ${options.maxTokens}`)
      }
    }))

  test('overlap by at most as many tokens as allowed', () =>
    always((chunks, { text, options }) => {
      for (const [index, each] of chunks.slice(1).entries()) {
        const overlap = text.slice(each.startOffset, chunks[index]?.endOffset)
        assert.ok(options.countTokens(overlap) <= options.overlapTokens)
      }
    }))

  test('name the pages of their first and last character', () =>
    always((chunks, { pages }) => {
      const pageOfUnit = pages.flatMap(({ number, text }) =>
        Array<number>(text.length + PAGE_BREAK.length).fill(number),
      )
      for (const each of chunks) {
        assert.equal(each.pageStart, pageOfUnit[each.startOffset])
        assert.equal(each.pageEnd, pageOfUnit[each.endOffset - 1])
      }
    }))

  test('cut no grapheme that fits', () =>
    always((chunks, { text, options }) => {
      const graphemes = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)]
      const whole = new Set(graphemes.flatMap(({ index, segment }) => [index, index + segment.length]))
      const cut = (offset: number) =>
        graphemes.find(({ index, segment }) => index < offset && offset < index + segment.length)
      for (const offset of chunks.flatMap(({ startOffset, endOffset }) => [startOffset, endOffset])) {
        if (whole.has(offset)) continue
        assert.ok(options.countTokens(cut(offset)?.segment ?? '') > options.maxTokens, `cut at ${offset}`)
      }
    }))

  test('cut no surrogate pair, even of a grapheme that does not fit', () => {
    for (const { text } of chunk(pagesOf(`😀${'\u200d😀'.repeat(100)}`), { countTokens: countCodePoints }))
      assert.ok(text.isWellFormed())
  })

  test('are the same every time', () =>
    always((chunks, { pages, options }) => assert.deepEqual(chunk(pages, options), chunks)))
})

test('blank pages give no chunk', () => {
  assert.deepEqual(chunk([]), [])
  assert.deepEqual(chunk(pagesOf('', ' \n\t', '\u00a0')), [])
})

test('the version names the sizes', () => {
  assert.notEqual(
    chunkerVersion({ maxTokens: 400, overlapTokens: 40 }),
    chunkerVersion({ maxTokens: 400, overlapTokens: 41 }),
  )
})
