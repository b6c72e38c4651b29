import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chunkPages } from '../../domain/chunking.ts'
import { pagesOf } from '../support/chunking.ts'

describe('the time is linear', () => {
  const seconds = (text: string) => {
    const start = performance.now()
    for (const _ of chunkPages(pagesOf(text), {
      maxTokens: 400,
      overlapTokens: 40,
      countTokens: (part) => part.length >>> 2,
    }));
    return (performance.now() - start) / 1_000
  }
  const shapes = {
    'one line without spaces': (length: number) => 'x'.repeat(length),
    'blanks around a word': (length: number) => `${' '.repeat(length / 2)}x${'\t'.repeat(length / 2)}`,
    'empty lines': (length: number) => 'x\n\n \n'.repeat(length / 5),
    'one sentence': (length: number) => 'word '.repeat(length / 5),
    headings: (length: number) => '# A\n\n## B c d.\n'.repeat(length / 15),
    'a table': (length: number) => `| a | b |\n|---|---|\n${'| cell | 1.5 |\n'.repeat(length / 15)}`,
    'a table of one row': (length: number) => `| a |\n|---|\n| ${'cell '.repeat(length / 5)}|`,
    'headers without rows': (length: number) => '| a |\n|---|\n\n'.repeat(length / 13),
    'a header of pipes': (length: number) => `${'|'.repeat(length / 2)}\n${'-|'.repeat(length / 4)}\n|`,
    'lines of dashes': (length: number) => '|-\n-|-\n'.repeat(length / 8),
    code: (length: number) => `\`\`\`\n${'let x = 1\n\n'.repeat(length / 11)}`,
    fences: (length: number) => '```\n~~~\n````\n'.repeat(length / 13),
    'inline code': (length: number) => `\`\`\`${'x'.repeat(length)}\``,
    'combining marks': (length: number) => `e${'\u0301'.repeat(length)}`,
  }
  for (const [shape, make] of Object.entries(shapes))
    test(shape, () => {
      seconds(make(100_000))
      const [half, full] = [seconds(make(1_000_000)), seconds(make(2_000_000))]
      // Twice, were there no noise; quadratic would be four times.
      assert.ok(full < 3 * half + 0.5, `${half.toFixed(2)} s, twice the text ${full.toFixed(2)} s`)
    })

  const fiftyMegabytes = {
    'one line': 'word '.repeat(10_000_000),
    'a table': `| id | name | price |\n| --- | --- | --- |\n${'| 12345 | blue whale | 17.50 |\n'.repeat(1_666_666)}`,
  }
  for (const [shape, text] of Object.entries(fiftyMegabytes))
    test(`50 MB: ${shape}`, () => {
      let [counted, covered] = [0, 0]
      const countTokens = (part: string) => {
        counted += part.length
        return part.length >>> 2
      }
      for (const { endOffset } of chunkPages(pagesOf(text), { maxTokens: 400, overlapTokens: 40, countTokens }))
        covered = endOffset
      assert.equal(covered, text.trimEnd().length)
      assert.ok(counted < 8 * text.length, `${(counted / text.length).toFixed(1)} times the text was counted`)
    })
})
