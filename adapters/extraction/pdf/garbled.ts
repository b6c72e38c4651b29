import { countMatches } from '../count-matches.ts'

/** Private use, not assigned, not known, controls: fonts that do not say which letters their glyphs are. */
const UNREADABLE = /(?!\ufffe)[\p{Co}\p{Cn}\ufffd]|(?!\s)\p{Cc}/gu
const VISIBLE = /\S/gu

/** From 0 to 1: how much of a text is not what a reader of the page sees. Empty text is 0. */
export function garbledShare(text: string): number {
  const unreadable = countMatches(text, UNREADABLE)
  return unreadable === 0 ? 0 : unreadable / countMatches(text, VISIBLE)
}

/** UTF-8 of two bytes, read as one unit of UTF-16. */
const MISREAD = /[\uc280-\udfbf]/g
const NOT_ASCII_LETTER = /(?=\p{L})[^\0-\x7f]/gu
/** Fewer would be like that by chance. */
const LEAST_LETTERS = 6

/**
 * Some writers map glyphs to UTF-8 where a PDF has UTF-16, which makes Hangul of everything: U+D09F for «П», whose bytes are
 * D0 9F. Read rightly where nearly all letters are like that; of real Hangul, one syllable in four is.
 */
export function mendMisreadUtf8(text: string): string {
  if (text.search(MISREAD) < 0) return text
  const letters = text.match(NOT_ASCII_LETTER) ?? []
  const misread = letters.filter((letter) => isTwoByteUtf8(letter.charCodeAt(0)))
  if (misread.length < LEAST_LETTERS || misread.length < 0.9 * letters.length) return text
  return text.replaceAll(MISREAD, (unit) => mend(unit.charCodeAt(0)) ?? unit)
}

const isTwoByteUtf8 = (unit: number) => unit >= 0xc280 && unit <= 0xdfbf && (unit & 0xc0) === 0x80

const mend = (unit: number) =>
  isTwoByteUtf8(unit) ? String.fromCharCode(((unit & 0x1f00) >> 2) | (unit & 0x3f)) : undefined
