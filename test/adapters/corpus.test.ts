import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { ProcessTextExtractor } from '../../adapters/process-text-extractor.ts'
import type { FailureCode } from '../../domain/failure.ts'
import { Failure } from '../../domain/failure.ts'
import type { ExtractedText } from '../../domain/ports.ts'
import type { CorpusFile, Outcome } from '../support/corpus.ts'
import { corpusFiles, corpusMissing, corpusPath, differences } from '../support/corpus.ts'
import { extractionConfig } from '../support/extraction-config.ts'
import { textTable } from '../support/text-table.ts'

const CODES: Record<NonNullable<CorpusFile['error_kind']>, FailureCode> = {
  encrypted: 'ENCRYPTED',
  corrupt: 'CORRUPT',
  zero_byte: 'CORRUPT',
  wrong_type: 'UNSUPPORTED_TYPE',
  unsupported_type: 'UNSUPPORTED_TYPE',
}

type Got = ExtractedText | Failure
type Result = { readonly expected: CorpusFile; readonly got: Got | undefined; readonly wrong: readonly string[] }

/** What is wrong with what the file gave, by the manifest; empty where it is right. */
function check(got: Got, expected: CorpusFile): string[] {
  const outcome = outcomeOf(got)
  const outcomes = [expected.expect, ...(expected.also_ok ?? [])]
  if (!outcomes.includes(outcome))
    return [`${outcome}, not ${outcomes.join(' or ')}${got instanceof Failure ? `: ${got.message}` : ''}`]
  if (!(got instanceof Failure)) return differences(got.pages, expected)
  const code = outcome === 'error' && expected.error_kind && CODES[expected.error_kind]
  return code && code !== got.code ? [`${got.code}, not ${code}`] : []
}

function outcomeOf(got: Got): Outcome {
  if (!(got instanceof Failure)) return 'text'
  return got.code === 'NO_TEXT' ? 'empty' : 'error'
}

/** Right ones of all for which the manifest has an answer; '' where it has none. */
function share(
  results: readonly Result[],
  isRight: (text: ExtractedText, expected: CorpusFile) => boolean | undefined,
) {
  const answers = results.flatMap(({ got, expected }) => {
    const answer = got && !(got instanceof Failure) ? isRight(got, expected) : undefined
    return answer === undefined ? [] : [answer]
  })
  return answers.length === 0 ? '' : `${answers.filter(Boolean).length}/${answers.length}`
}

const hasPages = ({ pages }: ExtractedText, expected: CorpusFile) =>
  expected.pages === null ? undefined : pages.length === expected.pages

const hasLanguage = ({ language }: ExtractedText, expected: CorpusFile) =>
  expected.language === 'und' ? undefined : language === expected.language

function row(kind: string, results: readonly Result[]) {
  const wrong = results.filter((result) => result.wrong.length > 0).length
  return [kind, results.length, results.length - wrong, wrong, share(results, hasPages), share(results, hasLanguage)]
}

function table(results: readonly Result[]): string[] {
  const kinds = Map.groupBy(results, ({ expected }) => expected.kind)
  return textTable([
    ['kind', 'files', 'right', 'wrong', 'pages', 'language'],
    ...[...kinds].map(([kind, ofKind]) => row(kind, ofKind)),
    row('total', results),
  ])
}

describe('real files', { skip: corpusMissing }, () => {
  const extractor = new ProcessTextExtractor(extractionConfig)
  const results: Result[] = []
  after(() => extractor.close())

  const extract = (file: string): Promise<Got> =>
    extractor.extract(corpusPath(file)).catch((error: unknown) => {
      if (error instanceof Failure) return error
      throw error
    })

  for (const expected of corpusFiles)
    test(`${expected.file} gives ${expected.expect}`, async () => {
      const result: { -readonly [Key in keyof Result]: Result[Key] } = { expected, got: undefined, wrong: ['threw'] }
      results.push(result)
      result.got = await extract(expected.file)
      result.wrong = check(result.got, expected)
      assert.deepEqual(result.wrong, [])
    })

  test('all are as the manifest says', (t) => {
    for (const line of table(results)) t.diagnostic(line)
    assert.deepEqual(
      results.filter(({ wrong }) => wrong.length > 0).map(({ expected }) => expected.file),
      [],
    )
  })
})
