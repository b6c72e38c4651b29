const VISIBLE = /\S/gu
/** Private use, not assigned, not known, controls: fonts that do not say which letters their glyphs are. */
const UNREADABLE = /(?!\ufffe)[\p{Co}\p{Cn}\ufffd]|(?!\s)\p{Cc}/gu

/** From 0 to 1: how much of a text is not what a reader of the page sees. Empty text is 0. */
export function garbledShare(text: string): number {
  if (isMisreadUtf8(text)) return 1
  const visible = count(text, VISIBLE)
  return visible === 0 ? 0 : count(text, UNREADABLE) / visible
}

const NOT_ASCII_LETTER = /(?=\p{L})[^\0-\x7f]/gu
/** Fewer would be like that by chance. */
const LEAST_LETTERS = 6

/**
 * Some writers map glyphs to UTF-8 where a PDF has UTF-16, which makes Hangul of everything: U+D09F for «П», whose bytes
 * are D0 9F. Of real Hangul, one in four syllables looks like that.
 */
function isMisreadUtf8(text: string): boolean {
  const letters = text.match(NOT_ASCII_LETTER) ?? []
  const misread = letters.filter((letter) => isTwoByteUtf8(letter.charCodeAt(0)))
  return misread.length >= LEAST_LETTERS && misread.length >= 0.9 * letters.length
}

const isTwoByteUtf8 = (unit: number) => unit >= 0xc280 && unit <= 0xdfbf && (unit & 0xc0) === 0x80

function count(text: string, pattern: RegExp): number {
  let matches = 0
  for (const _ of text.matchAll(pattern)) matches++
  return matches
}
