import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { countTokens as cl100k } from 'gpt-tokenizer/encoding/cl100k_base'
import { chunk, pagesOf, sentences, words } from '../support/chunking.ts'

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

  test('at the end of a paragraph that fills a quarter of it', () => {
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

  test('before a heading that is near the end of its page', () => {
    const page = `# Ebb\n\n${sentences(3)}\n\n# Flood\n\nHerons.`
    const paths = chunk(pagesOf(page, sentences(3)), { overlapTokens: 0 }).map(({ headingPath }) => headingPath)
    assert.deepEqual(paths, [['Ebb'], ['Flood']])
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

  test('never comes from the section before', () => {
    const chunks = chunk(pagesOf(`# Ebb\n\n${sentences(4)}\n\n# Flood\n\n${sentences(4)}`), { overlapTokens: 12 })
    for (const { text } of chunks) assert.ok(text.startsWith('#') || !text.includes('#'), text)
  })

  test('gives way to a sentence that would not fit with it', () => {
    const chunks = chunk(pagesOf(`${sentences(4)} ${words(38, 'Word')}. ${sentences(4)}`), { overlapTokens: 8 })
    assert.ok(chunks.some(({ text }) => text === `${words(38, 'Word')}.`))
  })
})
