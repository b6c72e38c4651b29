import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { countTokens as cl100k } from 'gpt-tokenizer/encoding/cl100k_base'
import type { Chunk, Page } from '../../domain/chunk.ts'
import { PAGE_BREAK } from '../../domain/chunk.ts'
import type { ChunkingOptions } from '../../domain/chunking.ts'
import { chunkerVersion, chunkPages } from '../../domain/chunking.ts'

const countWords = (text: string) => text.match(/\S+/g)?.length ?? 0
const countCodePoints = (text: string) => [...text].length
/** Text that needs fewer tokens when it gets longer, as a tokenizer's merges can make it. */
const countUnevenly = (text: string) => Math.ceil(text.length / 3) + (text.length % 5)

const counters = { cl100k, countWords, countCodePoints, countUnevenly }

const pagesOf = (...texts: string[]): Page[] => texts.map((text, index) => ({ number: index + 1, text }))
const joined = (pages: readonly Page[]) => pages.map((page) => page.text).join(PAGE_BREAK)
const chunk = (pages: readonly Page[], options: Partial<ChunkingOptions> = {}): Chunk[] => [
  ...chunkPages(pages, { maxTokens: 40, overlapTokens: 10, countTokens: countWords, ...options }),
]
const words = (count: number, word = 'word') => Array.from({ length: count }, (_, index) => `${word}${index}`).join(' ')
const sentences = (count: number, length = 8) =>
  Array.from({ length: count }, (_, index) => `Sentence number ${index} says ${words(length - 4, 'w')}.`).join(' ')

const prose = fc.array(
  fc.constantFrom(
    'Alpha beta gamma. ',
    'Is it? ',
    'delta\n',
    '\n\n',
    '# Title\n',
    '\t',
    'x'.repeat(70),
    '日本語の文。',
    '👩‍👩‍👧‍👦',
    'é́ ',
    '\r\n',
    '```\n',
    'ก็ ',
    ' \u0301',
  ),
  { maxLength: 80, size: 'max' },
)
const text = fc.oneof(
  prose.map((parts) => parts.join('')),
  fc.string({ unit: 'grapheme', maxLength: 300, size: 'max' }),
  fc.string({ unit: 'binary', maxLength: 300, size: 'max' }),
  fc.string({
    unit: fc.constantFrom(' ', '\n', '.', 'a', 'B', '🇩', '🇪', '\u0301', '\u200d', '한', '\ud83d'),
    maxLength: 300,
    size: 'max',
  }),
)
const input = fc.record({
  pages: fc.array(text, { maxLength: 6 }).map((texts) => pagesOf(...texts)),
  counter: fc.constantFrom(...(Object.keys(counters) as (keyof typeof counters)[])),
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

  test('are what their offsets say, are numbered, and begin and end with text', () =>
    always((chunks, { text }) => {
      for (const [index, each] of chunks.entries()) {
        assert.equal(each.index, index)
        assert.equal(each.text, text.slice(each.startOffset, each.endOffset))
        assert.equal(each.text.trimEnd(), each.text)
        assert.notEqual(each.text.trim(), '')
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

describe('a chunk ends', () => {
  test('nowhere, when the whole text fits', () => {
    assert.deepEqual(
      chunk(pagesOf('One. Two.\n\nThree.')).map(({ text }) => text),
      ['One. Two.\n\nThree.'],
    )
  })

  test('at the end of every page that says enough by itself', () => {
    const chunks = chunk(pagesOf(sentences(4), sentences(4)))
    assert.deepEqual(
      chunks.map(({ pageStart, pageEnd }) => [pageStart, pageEnd]),
      [
        [1, 1],
        [2, 2],
      ],
    )
  })

  test('on a later page rather than leave a few words alone', () => {
    const chunks = chunk(pagesOf('Title.', sentences(4), sentences(4)))
    assert.deepEqual(
      chunks.map(({ pageStart, pageEnd }) => [pageStart, pageEnd]),
      [
        [1, 2],
        [3, 3],
      ],
    )
  })

  test('at the end of a paragraph that fills half of it', () => {
    const paragraphs = [sentences(3), sentences(3), sentences(3)]
    assert.deepEqual(
      chunk(pagesOf(paragraphs.join('\n\n')), { overlapTokens: 0 }).map(({ text }) => text),
      paragraphs,
    )
  })

  test('at the end of a sentence, over soft line breaks', () => {
    const chunks = chunk(pagesOf(sentences(30).replaceAll('says ', 'says\n')), { overlapTokens: 0 })
    assert.ok(chunks.length > 5)
    for (const { text } of chunks) assert.match(text, /^Sentence number.*\.$/s)
  })

  test('at the end of a line where there are no sentences', () => {
    const row = words(9, 'cell')
    for (const { text } of chunk(pagesOf(`${row}\n`.repeat(30)))) assert.match(text, /^cell0 .* cell8$/s)
  })

  test('between words where a sentence is longer than a chunk', () => {
    const chunks = chunk(pagesOf(words(400)), { countTokens: cl100k })
    assert.ok(chunks.length > 10)
    for (const { text } of chunks) assert.match(text, /^word\d+( word\d+)*$/)
  })

  test('before a heading, and knows what headings it stands under', () => {
    const text = `# Whales\n\n${sentences(3)}\n\n## Blue\n\n${sentences(3)}\n\n## Grey ##\n\n${sentences(3)}\n\n\`\`\`\n# a comment\n\`\`\``
    const chunks = chunk(pagesOf(text), { overlapTokens: 0 })
    assert.deepEqual(
      chunks.map(({ headingPath }) => headingPath),
      [['Whales'], ['Whales', 'Blue'], ['Whales', 'Grey']],
    )
  })

  test('full: most of what fits is used', () => {
    const chunks = chunk(pagesOf(sentences(400)), { maxTokens: 100, overlapTokens: 0 })
    for (const { tokens } of chunks.slice(0, -1)) assert.ok(tokens >= 85, `${tokens} tokens`)
  })
})

describe('an overlap', () => {
  test('is made of whole sentences', () => {
    const chunks = chunk(pagesOf(sentences(30)), { overlapTokens: 17 })
    for (const [index, each] of chunks.slice(1).entries()) {
      const previous = chunks[index]?.text ?? ''
      const shared = previous.slice(previous.indexOf(each.text.slice(0, 20)))
      assert.equal(shared.match(/Sentence number/g)?.length, 2)
    }
  })

  test('never comes from the page before', () => {
    const chunks = chunk(pagesOf(sentences(8), sentences(8), sentences(8)))
    for (const { pageStart, pageEnd } of chunks) assert.equal(pageStart, pageEnd)
  })

  test('gives way to a sentence that would not fit with it', () => {
    const chunks = chunk(pagesOf(`${sentences(4)} ${words(38, 'Word')}. ${sentences(4)}`), { overlapTokens: 8 })
    assert.ok(chunks.some(({ text }) => text === `${words(38, 'Word')}.`))
  })
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
    'combining marks': (length: number) => `e${'\u0301'.repeat(length)}`,
  }
  for (const [shape, make] of Object.entries(shapes))
    test(shape, () => {
      seconds(make(100_000))
      const [half, full] = [seconds(make(1_000_000)), seconds(make(2_000_000))]
      // Twice, were there no noise; quadratic would be four times.
      assert.ok(full < 3 * half + 0.5, `${half.toFixed(2)} s, twice the text ${full.toFixed(2)} s`)
    })
})
