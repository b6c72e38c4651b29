import { stemmer as arabic } from '@orama/stemmers/arabic'
import { stemmer as danish } from '@orama/stemmers/danish'
import { stemmer as dutch } from '@orama/stemmers/dutch'
import { stemmer as english } from '@orama/stemmers/english'
import { stemmer as finnish } from '@orama/stemmers/finnish'
import { stemmer as french } from '@orama/stemmers/french'
import { stemmer as german } from '@orama/stemmers/german'
import { stemmer as greek } from '@orama/stemmers/greek'
import { stemmer as hungarian } from '@orama/stemmers/hungarian'
import { stemmer as italian } from '@orama/stemmers/italian'
import { stemmer as norwegian } from '@orama/stemmers/norwegian'
import { stemmer as portuguese } from '@orama/stemmers/portuguese'
import { stemmer as romanian } from '@orama/stemmers/romanian'
import { stemmer as russian } from '@orama/stemmers/russian'
import { stemmer as spanish } from '@orama/stemmers/spanish'
import { stemmer as swedish } from '@orama/stemmers/swedish'
import { stemmer as turkish } from '@orama/stemmers/turkish'
import { eld } from 'eld/extrasmall'
import type { WordForms } from '../domain/keywords.ts'
import { foldAccents, LONGEST } from '../domain/keywords.ts'

type Stem = (word: string) => string

/** Of scripts that mostly write one language that has a stemmer. */
const BY_SCRIPT: readonly (readonly [RegExp, Stem])[] = [
  [/^\p{sc=Cyrl}/u, russian],
  [/^\p{sc=Arab}/u, arabic],
  [/^\p{sc=Grek}/u, greek],
]
/** Of languages in Latin letters, beside English. */
const BY_LANGUAGE: Readonly<Record<string, Stem>> = {
  ...{ da: danish, de: german, es: spanish, fi: finnish, fr: french, hu: hungarian, it: italian, nl: dutch },
  ...{ no: norwegian, pt: portuguese, ro: romanian, sv: swedish, tr: turkish },
}
const LATIN = /^\p{sc=Latn}/u

/** What people write who have no umlauts on their keyboard; `ue` is two sounds after a vowel and a q. */
const SPELLED_OUT = /[ao]e|(?<![aeiouyq])ue/g
/** In UTF-16 code units: more of it says no more of its language. */
const ENOUGH = 350

/** A text's words come again and again. So many of all languages together take about 10 MB. */
const WORDS_REMEMBERED = 50_000
/** A cache of what never changes, by language and word. */
const remembered = new Map<string, readonly string[]>()

/**
 * The forms of the words of a text: without accents and endings. Words in Latin letters lose those of English in any language, since that of a
 * few words cannot be told, and have a second form without those of the text's own language where that is sure. In German, and where it may be
 * German, `groesse` is `größe` too.
 */
export function wordFormsOf(text: string): WordForms {
  const language = languageOf(text)
  return (word) => {
    if (word.length > LONGEST) return []
    const key = `${language} ${word}`
    const forms = remembered.get(key) ?? formsOf(word, language)
    if (remembered.size >= WORDS_REMEMBERED) remembered.clear()
    remembered.set(key, forms)
    return forms
  }
}

/** Of texts in Latin letters; empty where it is unsure. */
function languageOf(text: string): string {
  const result = eld.detect(text.slice(0, ENOUGH))
  return result.isReliable() ? result.language : ''
}

function formsOf(word: string, language: string): readonly string[] {
  const folded = foldAccents(word)
  if (!LATIN.test(folded))
    return [foldAccents(BY_SCRIPT.find(([script]) => script.test(word))?.[1](unmarked(word)) ?? word)]
  const own = BY_LANGUAGE[language]
  const umlauts = language === 'de' || language === '' ? withUmlauts(word) : word
  if (own) return [...new Set([english(folded), foldAccents(own(umlauts))])]
  return umlauts === word ? [english(folded)] : [english(folded), foldAccents(german(umlauts))]
}

/** What stemmers do not know: stress marks of Russian, vowel marks of Arabic, and Persian letters. What they do know stays, as `й` and `ة`. */
const unmarked = (word: string) =>
  word
    .replace(/[\u0300\u0301\u064b-\u0652\u0670]/g, '')
    .replaceAll('ی', 'ي')
    .replaceAll('ک', 'ك')

const withUmlauts = (word: string) => word.replace(SPELLED_OUT, ([vowel]) => `${vowel}\u0308`).normalize('NFC')
