/**
 * `npm run bench:estimate`: how many tokens really come of each file of the test corpus, beside what is estimated of it before
 * it is read, and once its words are known. The numbers in `domain/estimate.ts` were taken from the last table.
 */
import { statSync } from 'node:fs'
import type { FileFacts } from '../domain/estimate.ts'
import { estimate, tokensOf } from '../domain/estimate.ts'
import { kindOfFile } from '../domain/kind-of-file.ts'
import { corpusMissing, corpusPath } from '../test/support/corpus.ts'
import type { MeasuredFile } from '../test/support/measured-files.ts'
import { factsOf, measureCorpus } from '../test/support/measured-files.ts'
import { textTable } from '../test/support/text-table.ts'

const READERS = { largestBytes: Number.POSITIVE_INFINITY, readsPictures: false }

if (corpusMissing) throw new Error(corpusMissing)
const measured = await measureCorpus(({ file }) => statSync(corpusPath(file)).size > 0)
print([['file', 'bytes', 'tokens', 'from', 'expected', 'to', ''], ...measured.map(rowOf)])
print([[''], [hits('before they are read', measured.map(factsOf))]])
print([[hits('once their words are known', measured.map(withWords))], ['']])
print([['kind', 'files', 'bytes a token', 'least', 'most', 'tokens a word'], ...kinds()])

function print(rows: string[][]): void {
  process.stdout.write(`${textTable(rows).join('\n')}\n`)
}

function rowOf(file: MeasuredFile): string[] {
  const { from, expected, to } = tokensOf(factsOf(file))
  const isWithin = from <= file.tokens && file.tokens <= to
  return [file.name.slice(0, 48), file.bytes, file.tokens, from, expected, to]
    .map((cell) => String(typeof cell === 'number' ? Math.round(cell) : cell))
    .concat(isWithin ? '' : 'outside')
}

function withWords(file: MeasuredFile): FileFacts {
  return { ...factsOf(file), wordCount: file.words, language: file.language }
}

function hits(when: string, facts: readonly FileFacts[]): string {
  const within = measured.filter(({ tokens }, i) => {
    const fact = facts[i]
    const range = fact && tokensOf(fact)
    return range && range.from <= tokens && tokens <= range.to
  })
  const { tokens } = estimate(facts, READERS)
  const sum = measured.reduce((total, file) => total + file.tokens, 0)
  return `${when}: ${within.length} of ${measured.length} files within; together ${sum}, estimated ${tokens.from} … ${tokens.expected} … ${tokens.to}`
}

function kinds(): string[][] {
  const byKind = Map.groupBy(
    measured.filter(({ tokens }) => tokens > 0),
    (file) => kindOfFile(factsOf(file)),
  )
  return [...byKind].map(([kind, files]) => {
    const ratios = files.map(({ bytes, tokens }) => bytes / tokens)
    const sum = (key: 'bytes' | 'tokens' | 'words') => files.reduce((total, file) => total + file[key], 0)
    const numbers = [
      sum('bytes') / sum('tokens'),
      Math.min(...ratios),
      Math.max(...ratios),
      sum('tokens') / sum('words'),
    ]
    return [kind, String(files.length), ...numbers.map((number) => number.toFixed(1))]
  })
}
