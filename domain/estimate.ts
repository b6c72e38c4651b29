import type { FailureCode } from './failure.ts'
import { FAILURES } from './failure.ts'
import type { StoredFile } from './file.ts'
import type { KindOfFile } from './kind-of-file.ts'
import { kindOfFile } from './kind-of-file.ts'

/** What is known of a file without looking into it. */
export type FileFacts = Pick<
  StoredFile,
  'id' | 'originalName' | 'size' | 'type' | 'sha256' | 'processingStatus' | 'wordCount' | 'language'
> & {
  /** As the same content has been indexed with already, with any model; null where it never was. */
  readonly tokens: number | null
  /** Whether those are tokens as they would be counted now: local models count by tokenizers of their own. */
  readonly isCountedAlike: boolean
  /** Whether that was lately, and in just the way in which it would be done now, so that nothing is to be paid. */
  readonly isEmbedded: boolean
  /** Whether nobody knows: it was with the same model, but long ago, or read or cut in another way perhaps. */
  readonly mayBeEmbedded: boolean
  /** Why this content failed the last time it was tried. */
  readonly failedBy: FailureCode | null
}

/** `name`: by `recipeName`; undefined where it cannot be told how workers read and cut. */
export type ExpectedRecipe = {
  readonly model: string
  readonly dimensions: number
  readonly name: string | undefined
}

export interface EstimateStore {
  /** Of the user's files among these, as they would be embedded now. */
  facts(userId: string, fileIds: readonly string[], recipe: ExpectedRecipe): Promise<FileFacts[]>
}

/** Of tokens. */
export type Range = { readonly from: number; readonly expected: number; readonly to: number }

export type Readers = {
  /** Files that are larger can't be held in memory; PDFs are not. */
  readonly largestBytes: number
  readonly readsPictures: boolean
}

type Warning = {
  readonly fileId: string
  readonly name: string
  readonly code: FailureCode
  readonly message: string
}

export type Estimate = {
  readonly files: number
  readonly bytes: number
  readonly tokens: Range
  readonly tokensReused: number
  readonly warnings: readonly Warning[]
}

const NOTHING: Range = { from: 0, expected: 0, to: 0 }

/** How many tokens come of a byte, overlaps of chunks included: measured by `npm run bench:estimate`, rounded, and widened for files of other people. */
const PER_BYTE: Readonly<Record<Exclude<KindOfFile, 'unreadable'>, Range>> = {
  text: { from: 1 / 5, expected: 1 / 3.2, to: 1 / 1.6 },
  table: { from: 1 / 5, expected: 1 / 2.4, to: 1 / 0.9 },
  web: { from: 1 / 100, expected: 1 / 30, to: 1 / 3 },
  pdf: { from: 0, expected: 1 / 20, to: 1 / 4 },
  office: { from: 1 / 900, expected: 1 / 25, to: 1 / 1.3 },
  picture: { from: 0, expected: 1 / 1_000, to: 1 / 50 },
  unknown: { from: 0, expected: 1 / 20, to: 1 / 1.5 },
}

/** Of the tokens of one tokenizer how many another makes: measured with MiniLM's and OpenAI's on texts in many scripts, where it is 0.7 to 2. */
const COUNTED_OTHERWISE: Range = { from: 0.5, expected: 1, to: 2 }

/** And of a word, where the text was read before. Words of other scripts take more; where no language is told, it is often a table. */
const PER_WORD: Readonly<Record<'english' | 'latin' | 'other', Range>> = {
  english: { from: 1.2, expected: 1.65, to: 2.6 },
  latin: { from: 1.4, expected: 2.2, to: 3.5 },
  other: { from: 1.3, expected: 3, to: 6 },
}

const LATIN = new Set([
  'de',
  'fr',
  'es',
  'pt',
  'it',
  'nl',
  'sv',
  'da',
  'no',
  'fi',
  'pl',
  'cs',
  'ro',
  'hu',
  'tr',
  'id',
  'vi',
])

/**
 * Files resemble those beside them: all scans, or all in one language. Errors that were independent would nearly cancel out in
 * the sum of many, equal ones would add up; between the two stands this correlation.
 */
const ALIKE = 0.3

/** What these files will take, and which of them will hardly work. */
export function estimate(files: readonly FileFacts[], readers: Readers): Estimate {
  const warnings: Warning[] = []
  const ranges: Range[] = []
  const seen = new Set<string>()
  let tokensReused = 0
  for (const file of files) {
    const code = whyNot(file, readers)
    if (code) warnings.push({ fileId: file.id, name: file.originalName, code, message: FAILURES[code].sentence })
    const range = code ? NOTHING : tokensOf(file)
    // Of files with the same content the first one pays.
    const isPaid = file.isEmbedded || (file.sha256 !== null && seen.has(file.sha256))
    if (file.sha256 !== null) seen.add(file.sha256)
    if (isPaid) tokensReused += Math.round(range.expected)
    else ranges.push(range)
  }
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  return { files: files.length, bytes, tokens: sumOf(ranges), tokensReused, warnings }
}

/** What a file will take, embedded for the first time. */
export function tokensOf(file: FileFacts): Range {
  if (file.tokens !== null && !file.isCountedAlike) return times(file.tokens, COUNTED_OTHERWISE)
  if (file.tokens !== null)
    return { from: file.mayBeEmbedded ? 0 : file.tokens, expected: file.tokens, to: file.tokens }
  if (file.wordCount !== null) return times(file.wordCount, PER_WORD[scriptOf(file.language)])
  const kind = kindOfFile(file)
  return kind === 'unreadable' ? NOTHING : times(file.size, PER_BYTE[kind])
}

function scriptOf(language: string | null): keyof typeof PER_WORD {
  if (language === 'en') return 'english'
  return language !== null && LATIN.has(language) ? 'latin' : 'other'
}

function whyNot(file: FileFacts, { largestBytes, readsPictures }: Readers): FailureCode | undefined {
  if (file.processingStatus === 'not_stored') return 'CONTENT_NOT_STORED'
  if (file.size === 0) return 'CORRUPT'
  if (file.tokens !== null) return undefined
  if (file.failedBy !== null && FAILURES[file.failedBy].stage === 'extract') return file.failedBy
  const kind = kindOfFile(file)
  if (kind === 'unreadable' || (kind === 'picture' && !readsPictures)) return 'UNSUPPORTED_TYPE'
  return kind !== 'pdf' && file.size > largestBytes ? 'TOO_LARGE' : undefined
}

const times = (count: number, { from, expected, to }: Range): Range => ({
  from: count * from,
  expected: count * expected,
  to: count * to,
})

/** Of equally correlated errors: the variance of a sum is (1-r) Σd² + r (Σd)². */
function sumOf(ranges: readonly Range[]): Range {
  const total = (value: (range: Range) => number) => ranges.reduce((sum, range) => sum + value(range), 0)
  const spread = (distance: (range: Range) => number) =>
    Math.sqrt((1 - ALIKE) * total((range) => distance(range) ** 2) + ALIKE * total(distance) ** 2)
  const expected = total((range) => range.expected)
  return {
    from: Math.max(0, Math.round(expected - spread((range) => range.expected - range.from))),
    expected: Math.round(expected),
    to: Math.round(expected + spread((range) => range.to - range.expected)),
  }
}
