import { eld } from 'eld/extrasmall'
import type { Page } from '../../domain/chunk.ts'
import { countMatches } from './count-matches.ts'

const UNDETERMINED = 'und'
const PASSAGES = 16
/** eld reads no more than some 350 bytes at once, and is unsure about much less than 100. */
const [SHORTEST, LONGEST] = [100, 350]
/** Of the passages that are in some language, those that are in the document's; and of all passages, those in any. */
const [MAJORITY, WORTHWHILE] = [0.6, 0.25]

/**
 * The ISO 639-1 code of the language that most of a document is written in; `und` where it is too short to tell, or
 * numbers, code or a mixture. It reads passages from the whole of it, some thousand characters, in a few milliseconds.
 */
export function detectLanguage(pages: readonly Page[]): string {
  const passages = passagesOf(pages)
  const languages = passages.map(languageOf).filter((language) => language !== undefined)
  const [language, times] = mostFrequent(languages)
  if (languages.length < WORTHWHILE * passages.length || times < MAJORITY * languages.length) return UNDETERMINED
  return language
}

function passagesOf(pages: readonly Page[]): string[] {
  const length = pages.reduce((sum, { text }) => sum + text.length + 1, 0)
  const size = Math.min(LONGEST, Math.max(SHORTEST, Math.ceil(length / PASSAGES)))
  const count = Math.min(PASSAGES, Math.max(1, Math.floor(length / size)))
  const passages = Array.from({ length: count }, (_, index) =>
    passage(pages, Math.floor((index * length) / count), size),
  )
  return passages.filter((each) => LETTER.test(each))
}

const LETTER = /\p{L}/u

/** Across pages, as slides hold a few words each. */
function passage(pages: readonly Page[], start: number, size: number): string {
  let from = start
  let found = ''
  for (const { text } of pages) {
    if (from <= text.length) found += `${text.slice(from, from + size - found.length)}\n`
    from = Math.max(0, from - text.length - 1)
    if (found.length >= size) break
  }
  return found
}

const FEWEST_LETTERS = 20
/** What prose has few of: more of it is code, markup or a table. */
const SIGNS = /[{};=<>|\\$&+@()_]|[a-z][A-Z]/g
const DIGITS = /\p{N}/gu
const LETTERS = /\p{L}/gu

function languageOf(text: string): string | undefined {
  const letters = countMatches(text, LETTERS)
  const byScript = scriptsLanguage(text, letters)
  if (byScript) return byScript
  if (countMatches(text, SIGNS) > 0.06 * letters || countMatches(text, DIGITS) > 0.3 * letters) return undefined
  if (letters < FEWEST_LETTERS) return undefined
  const result = eld.detect(text)
  return result.isReliable() ? result.language : undefined
}

/** Scripts that one language is written in; eld does not know all of them, and needs more than a few words. */
const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ['zh', /[\p{sc=Hani}\p{sc=Hira}\p{sc=Kana}]/gu],
  ['ko', /\p{sc=Hang}/gu],
  ['th', /\p{sc=Thai}/gu],
  ['he', /\p{sc=Hebr}/gu],
  ['el', /\p{sc=Grek}/gu],
  ['ka', /\p{sc=Geor}/gu],
  ['hy', /\p{sc=Armn}/gu],
  ['ta', /\p{sc=Taml}/gu],
  ['te', /\p{sc=Telu}/gu],
  ['km', /\p{sc=Khmr}/gu],
  ['lo', /\p{sc=Laoo}/gu],
  ['my', /\p{sc=Mymr}/gu],
  ['si', /\p{sc=Sinh}/gu],
]
const KANA = /[\p{sc=Hira}\p{sc=Kana}]/gu
const FEWEST_OF_A_SCRIPT = 5

function scriptsLanguage(text: string, letters: number): string | undefined {
  for (const [language, script] of SCRIPTS) {
    const own = countMatches(text, script)
    if (own < FEWEST_OF_A_SCRIPT || own <= letters / 2) continue
    return language === 'zh' && countMatches(text, KANA) > own / 10 ? 'ja' : language
  }
  return undefined
}

function mostFrequent(languages: readonly string[]): [language: string, times: number] {
  const times = new Map<string, number>()
  for (const language of languages) times.set(language, (times.get(language) ?? 0) + 1)
  return [...times].reduce((most, each) => (each[1] > most[1] ? each : most), [UNDETERMINED, 0])
}
