import { eld } from 'eld/extrasmall'
import { countMatches } from '../count-matches.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000e-\u0019\u001c-\u001f\u007f-\u009f\ufffe\uffff]/g
const BROKEN = /\ufffd/g
/** One character in a thousand may be broken: a log that a crash cut off, a field with a stray byte in a large export. */
const TOLERATED = 0.001

/** Whether a text is nearly free of control characters. White space and escape, which terminals' logs have, are none. */
export const isReadable = (text: string): boolean => countMatches(text, CONTROLS) <= TOLERATED * text.length

/** Whether nearly all of a text could be decoded. */
export const isWhole = (text: string): boolean => countMatches(text, BROKEN) <= TOLERATED * text.length

const FOREIGN = /[\u0080-\u{10ffff}]/gu
const hasForeign = (word: string) => word.search(FOREIGN) >= 0
/** What the letters of one encoding turn into when they are read in another one. */
const DOUBTS = [
  // Signs inside of a word, but those that belong there.
  /(?<=\p{L})(?![\p{L}\p{M}\p{Nd}\u00ad·’‘“”«»–—…\u200b-\u200f\u3001-\u303f\u30fb\uff01-\uff20])[\u00a1-\uffff](?=\p{L})|[ªº](?=\p{L})/gu,
  /(?<=\p{sc=Latn})[“”„«»](?=\p{sc=Latn})/gu,
  // Alphabets mixed within a word.
  /[A-Za-z](?=[\p{sc=Cyrl}\p{sc=Grek}\p{sc=Hebr}\p{sc=Arab}\p{sc=Thai}])|[\p{sc=Cyrl}\p{sc=Grek}\p{sc=Hebr}\p{sc=Arab}\p{sc=Thai}](?=[A-Za-z])/gu,
  // Japanese or Korean characters within a Latin word.
  /(?<=[A-Za-z])[\u3040-\u9fff\uac00-\ud7a3\uff61-\uff9f]{1,2}(?=[a-z])/g,
  // Capital letters after small ones, or several before one.
  /\p{Ll}(?=[^A-Z\P{Lu}])|[^a-z\P{Ll}](?=\p{Lu})|[^A-Z\P{Lu}](?=\p{Lu}\p{Ll})/gu,
  // Three Latin letters with accents in a row.
  /[^A-Za-z\P{sc=Latn}]{3}/gu,
  // A mark without a letter, which Thai would be full of.
  /(?<![\p{L}\p{M}])\p{M}/gu,
  // Thai vowels that stand before a consonant, elsewhere.
  /[\u0e40-\u0e44](?![\u0e01-\u0e2e])|[\u0e5a\u0e5b]/g,
  // Line drawing, half-width kana, characters for private use or without a meaning.
  /[\u0080-\u009f\u2500-\u259f\ue000-\uf8ff\uff61-\uff9f\ufffd]/g,
]
const DOUBT_WEIGHT = 8

/**
 * From 0 to 1, how much words look like those of a language that people write: their n-grams are known to a detector
 * of languages, and they hold no oddities of another encoding's letters.
 */
export function plausibility(text: string): number {
  const words = text.split(/\s+/).filter(hasForeign).join(' ')
  return (
    familiarity(words) * Math.max(0, 1 - (DOUBT_WEIGHT * doubts(words)) / Math.max(1, countMatches(words, FOREIGN)))
  )
}

const doubts = (text: string): number => DOUBTS.reduce((sum, doubt) => sum + countMatches(text, doubt), 0)

const LETTER = /\p{L}/gu
const ACCENTED = /(?=\p{sc=Latn})[\u0080-\u024f]/gu
const SIGN = /(?<!\p{L})[\u00a0¡£§«°±²³µ¼½¾¿×–‘“„•€]|[\u00a0»·©®°‘’“”…–—™]/gu
const FEW_ACCENTS = 0.04

/** Whether all that is foreign in a text are signs that Western texts have, as in English ones: dashes, quotation marks, bullets. */
export const hasOnlySigns = (text: string): boolean =>
  countMatches(text, SIGN) === countMatches(text, FOREIGN) && doubts(text) === 0

/** Whether it may have a few letters with accents too, of a name or a borrowed word: too few to judge the words that they make. */
export function isNearlyAscii(text: string): boolean {
  const accented = countMatches(text, ACCENTED)
  return (
    accented <= FEW_ACCENTS * countMatches(text, LETTER) &&
    hasOnlySigns(text.replace(ACCENTED, 'a')) &&
    doubts(text) === 0
  )
}

/** The detector reads no more than this at once. */
const WINDOW = 330
const WINDOWS = 4
/** It reads only the begin of a word, and these scripts do not separate theirs. */
const UNSEPARATED = /[\u0e00-\u0eff\u3040-\u9fff]{18}/g

function familiarity(words: string): number {
  const separated = words.replace(UNSEPARATED, '$& ')
  const scores: number[] = []
  for (let at = 0; at < separated.length && scores.length < WINDOWS; at += WINDOW) {
    const window = separated.slice(at, at + WINDOW)
    if (at === 0 || window.length > WINDOW / 3)
      scores.push(Math.max(0, ...Object.values(eld.detect(window).getScores())))
  }
  return scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length)
}
