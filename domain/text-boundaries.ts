// A fixed locale: the machine's own would make chunks depend on where they are made.
const LOCALE = 'en'
const sentences = new Intl.Segmenter(LOCALE, { granularity: 'sentence' })
const words = new Intl.Segmenter(LOCALE, { granularity: 'word' })
const graphemes = new Intl.Segmenter(LOCALE, { granularity: 'grapheme' })

/** How much of the following text a segmenter sees, to tell whether a passage really ends where we cut it. */
const LOOKAHEAD = 64

/** A line break inside of a paragraph, which Unicode's rules would take for the end of a sentence. */
const SOFT_BREAK = /(?<!\n[^\S\n]*)\n(?![^\S\n]*\n)/g
const BLANK_LINE = /\n[^\S\n]*\n/g

/** Where the sentences of a passage end, ascending. Soft line breaks don't end one. */
export const sentenceEnds = (passage: string): number[] =>
  Array.from(sentences.segment(unwrapped(passage)), ({ index, segment }) => index + segment.length)

/**
 * Where the last paragraph, sentence … ends that begins at or after `from` and ends at or before `limit`; at most `from`
 * where there is none. Looks at no more than the text between them and a little beyond.
 */
export type LastEnd = (text: string, from: number, limit: number) => number

export const lastParagraphEnd: LastEnd = (text, from, limit) => {
  const blankLines = [...upTo(text, from, limit).matchAll(BLANK_LINE)]
  return from + (blankLines.findLast(({ index }) => from + index <= limit)?.index ?? 0)
}

export const lastSentenceEnd: LastEnd = (text, from, limit) =>
  lastGraphemeEnd(text, from, from + lastBoundary(sentences, unwrapped(upTo(text, from, limit)), limit - from))

export const lastLineEnd: LastEnd = (text, from, limit) => from + text.slice(from, limit + 1).lastIndexOf('\n')

// Unicode's words can end inside of a grapheme: pairs of flag letters are counted differently.
export const lastWordEnd: LastEnd = (text, from, limit) =>
  lastGraphemeEnd(text, from, from + lastBoundary(words, upTo(text, from, limit), limit - from))

export const lastGraphemeEnd: LastEnd = (text, from, limit) =>
  from + lastBoundary(graphemes, upTo(text, from, limit), limit - from)

/** `offset`, or the one before it where it would cut a surrogate pair. */
export const codePointEnd = (text: string, offset: number): number =>
  /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, offset - 1), offset + 1)) ? offset - 1 : offset

/** The end of the code point that begins at `offset`. */
export const codePointAfter = (text: string, offset: number): number =>
  offset + ((text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1)

/** `to` without the white space before it. */
export const trimmedEnd = (text: string, from: number, to: number): number =>
  from + text.slice(from, to).trimEnd().length

const upTo = (text: string, from: number, limit: number) => text.slice(from, limit + LOOKAHEAD)

const unwrapped = (passage: string) => passage.replace(SOFT_BREAK, ' ')

/** The last boundary at or before `limit`. Only the text near it is segmented. */
const lastBoundary = (segmenter: Intl.Segmenter, passage: string, limit: number): number =>
  segmenter.segment(passage).containing(limit)?.index ?? limit
