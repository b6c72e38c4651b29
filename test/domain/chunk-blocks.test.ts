import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Chunk } from '../../domain/chunk.ts'
import type { ChunkingOptions } from '../../domain/chunking.ts'
import { MAX_UNITS_PER_TOKEN } from '../../domain/token-reach.ts'
import { chunk, counterNames, counters, pagesOf, sentences, words } from '../support/chunking.ts'

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
/** Documents whose tables and code blocks are known; some of their cells and lines are too long for some chunks. */
const cell = fc.constantFrom('7', 'cell', 'Two words.', 'x'.repeat(60), '日本語', words(12))
const knownTable = fc
  .record({ header: fc.array(fc.constantFrom('Id', 'Name'), { minLength: 1, maxLength: 2 }), rows: fc.array(cell) })
  .map(({ header, rows }) => ({
    kind: 'table' as const,
    lines: [row(header), row(header.map(() => '---')), ...rows.map((each) => row(header.map(() => each)))],
  }))
const knownCode = fc
  .array(fc.oneof(cell, fc.constantFrom('', '# no heading', '| a |', '| - |')))
  .map((lines) => ({ kind: 'code' as const, lines: ['```', ...lines, '```'] }))
const knownProse = fc
  .array(fc.constantFrom(sentences(1), sentences(3), 'One\nline.', words(50)), { minLength: 1, maxLength: 4 })
  .map((lines) => ({ kind: 'prose' as const, lines }))
const knownInput = fc.record({
  parts: fc.array(fc.oneof(knownTable, knownCode, knownProse), { maxLength: 8 }),
  counter: fc.constantFrom(...counterNames),
  maxTokens: fc.integer({ min: 8, max: 150 }),
  overlapTokens: fc.integer({ min: 0, max: 60 }),
})

type Known = { readonly kind: 'table' | 'code' | 'prose'; readonly lines: readonly string[]; readonly start: number }

const alwaysKnown = (check: (chunks: Chunk[], parts: Known[], options: ChunkingOptions) => void) =>
  fc.assert(
    fc.property(knownInput, ({ parts, counter, ...sizes }) => {
      const options = { ...sizes, countTokens: counters[counter] }
      let start = 0
      const known = parts.map((part) => {
        const here = { ...part, start }
        start += part.lines.join('\n').length + 2
        return here
      })
      check(chunk(pagesOf(parts.map(({ lines }) => lines.join('\n')).join('\n\n')), options), known, options)
    }),
    { numRuns: 300 },
  )
const fits = (text: string, { maxTokens, countTokens }: ChunkingOptions, share = 1) =>
  countTokens(text) <= share * maxTokens && text.length <= share * maxTokens * MAX_UNITS_PER_TOKEN

describe('tables and code blocks', () => {
  test('a row that fits behind its header is whole, in a chunk where its header stands before it', () =>
    alwaysKnown((chunks, parts, options) => {
      for (const { kind, lines, start } of parts) {
        const header = `${lines.slice(0, 2).join('\n')}\n`
        if (kind !== 'table' || !fits(header, options, 0.25)) continue
        let rowStart = start + header.length
        for (const each of lines.slice(2)) {
          const [from, to] = [rowStart, rowStart + each.length]
          rowStart = to + 1
          const holds = (one: Chunk) => one.startOffset <= from && one.endOffset >= to
          const headed = (one: Chunk) => one.startOffset <= start || one.text.startsWith(header)
          if (fits(header + each, options))
            assert.ok(
              chunks.some((one) => holds(one) && headed(one)),
              each,
            )
        }
      }
    }))

  test('code that fits is whole', () =>
    alwaysKnown((chunks, parts, options) => {
      for (const { kind, lines, start } of parts) {
        const block = lines.join('\n')
        if (kind === 'code' && fits(block, options))
          assert.ok(
            chunks.some(({ startOffset, endOffset }) => startOffset <= start && endOffset >= start + block.length),
            block,
          )
      }
    }))

  test('neither is in an overlap', () =>
    alwaysKnown((chunks, parts) => {
      for (const [index, { startOffset }] of chunks.slice(1).entries()) {
        const endOffset = chunks[index]?.endOffset ?? 0
        for (const { kind, lines, start } of parts)
          if (kind !== 'prose')
            assert.ok(endOffset <= startOffset || start >= endOffset || start + lines.join('\n').length <= startOffset)
      }
    }))

  const table = [
    '| Name | Price |',
    '| :--- | ---: |',
    ...Array.from({ length: 30 }, (_, i) => `| whale ${i} | ${i} |`),
  ]

  test('a table is cut between rows, and each of its chunks begins with its header', () => {
    const text = `${sentences(4)}\n\n${table.join('\n')}\n\n${sentences(2)}`
    const [before, ...inTable] = chunk(pagesOf(text), { overlapTokens: 0 })
    assert.match(before?.text ?? '', /^Sentence/)
    assert.ok(inTable.length > 3)
    for (const { text } of inTable)
      assert.match(text, /^\| Name \| Price \|\n\| :--- \| ---: \|\n(\| whale \d+ \| \d+ \|(\n|$))+/)
  })

  test('a header that takes more than a quarter of a chunk is not repeated', () => {
    const chunks = chunk(pagesOf(table.join('\n')), { maxTokens: 35 })
    assert.ok(chunks.length > 3)
    for (const { text } of chunks.slice(1)) assert.match(text, /^\| whale/)
  })

  test('code too long for a chunk is cut between its lines, and its headings are none', () => {
    const lines = Array.from({ length: 30 }, (_, i) => `# comment ${i}. Not a sentence.`)
    const chunks = chunk(pagesOf(`# Code\n\n\`\`\`sh\n${lines.join('\n')}\n\`\`\`\n`))
    assert.ok(chunks.length > 3)
    for (const { text, headingPath } of chunks) {
      assert.match(text, /(# comment \d+\. Not a sentence\.|```)$/)
      assert.deepEqual(headingPath, ['Code'])
    }
  })

  test('a fence that nothing closes makes code of its page only', () => {
    const [last] = chunk(pagesOf('```\nx', `# Title\n\n${sentences(8)}`)).slice(-1)
    assert.deepEqual(last?.headingPath, ['Title'])
  })

  test('a line of dashes and pipes is no table without a header', () => {
    for (const text of ['|---|\n| a |\n', 'prose\n---\n| a |\n', '\n|---|\n| a |\n']) {
      const chunks = chunk(pagesOf(text + '| b c |\n'.repeat(40)))
      for (const each of chunks) assert.equal(each.text.length, each.endOffset - each.startOffset)
    }
  })
})
