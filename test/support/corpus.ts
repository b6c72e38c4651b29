import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from '../../domain/chunk.ts'

/** Real files with what each must give. They are not part of the project, since their licences differ. */
const CORPUS = resolve(import.meta.dirname, '../..', process.env.EXPERTSMITH_CORPUS ?? '../shared/corpus')
const MANIFEST = join(CORPUS, 'MANIFEST.json')

export type Outcome = 'text' | 'empty' | 'error'

export type CorpusFile = {
  readonly file: string
  readonly kind: string
  readonly expect: Outcome
  /** Other outcomes that are right as well. */
  readonly also_ok?: readonly Outcome[]
  readonly error_kind?: 'encrypted' | 'corrupt' | 'zero_byte' | 'wrong_type' | 'unsupported_type'
  readonly contains: readonly string[]
  readonly not_contains?: readonly string[]
  readonly match: 'word' | 'nospace'
  readonly pages: number | null
  /** ISO 639-1; `und` where nothing is said of it. */
  readonly language: string
  readonly page_words?: readonly { readonly page: number; readonly word: string }[]
  readonly empty_pages?: readonly number[]
}

/** False, or why tests over these files cannot run here: for the `skip` option of a test. */
export const corpusMissing: string | false = existsSync(MANIFEST)
  ? false
  : `no test files at ${CORPUS}; EXPERTSMITH_CORPUS names another place`

export const corpusFiles: readonly CorpusFile[] = corpusMissing ? [] : JSON.parse(readFileSync(MANIFEST, 'utf8'))

export const corpusPath = (name: string): string => join(CORPUS, name)

const INVISIBLE = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g

/** Text as the manifest compares it: readers differ in compatibility characters, marks that are not seen, and spaces. */
function comparable(text: string, match: CorpusFile['match']): string {
  const visible = text.normalize('NFKC').replace(INVISIBLE, '')
  return match === 'nospace' ? visible.replace(/\s/g, '') : visible
}

/** What the pages lack, or have too much, by the manifest. Empty where the text is right. */
export function differences(pages: readonly Page[], expected: CorpusFile): string[] {
  const { match } = expected
  const text = (...numbers: number[]) =>
    pages
      .filter(({ number }) => numbers.length === 0 || numbers.includes(number))
      .map((page) => page.text)
      .join('\n')
  const holds = (word: string, ...numbers: number[]) =>
    comparable(text(...numbers), match).includes(comparable(word, match))
  return [
    ...expected.contains.filter((word) => !holds(word)).map((word) => `lacks ${word}`),
    ...(expected.not_contains ?? []).filter((word) => holds(word)).map((word) => `has ${word}`),
    ...(expected.page_words ?? [])
      .filter(({ page, word }) => !holds(word, page))
      .map(({ page, word }) => `page ${page} lacks ${word}`),
    ...(expected.empty_pages ?? []).filter((page) => text(page).trim() !== '').map((page) => `page ${page} has text`),
    ...(expected.pages !== null && expected.pages !== pages.length
      ? [`${pages.length} pages, not ${expected.pages}`]
      : []),
  ]
}
