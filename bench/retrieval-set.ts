import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { corpusMissing, corpusPath } from '../test/support/corpus.ts'

/** What answers a question: a span of a file, or, with a gain, the whole of it. */
export type Relevant = { readonly file: string; readonly start?: number; readonly end?: number; readonly gain?: number }

export type Question = {
  readonly id: string
  readonly set: string
  readonly collection: string
  readonly query: string
  readonly relevant: readonly Relevant[]
}

export type Document = { readonly file: string; readonly text: string }
export type Collection = { readonly documents: readonly Document[]; readonly questions: readonly Question[] }

const SET = corpusPath('retrieval')

/** Each collection is searched by itself. */
export function retrievalSet(): Collection[] {
  if (corpusMissing) throw new Error(corpusMissing)
  const lines = readFileSync(join(SET, 'queries.jsonl'), 'utf8').trim().split('\n')
  const byCollection = Map.groupBy(
    lines.map((line): Question => JSON.parse(line)),
    ({ collection }) => collection,
  )
  return [...byCollection].map(([collection, questions]) => ({ documents: documentsOf(collection), questions }))
}

const documentsOf = (collection: string): Document[] =>
  readdirSync(join(SET, 'docs', collection))
    .sort()
    .map((name) => ({ file: `${collection}/${name}`, text: readText(join(SET, 'docs', collection, name)) }))

/** The spans count code points and ours UTF-16 code units, which are the same as long as no text has a surrogate pair. */
function readText(path: string): string {
  const text = readFileSync(path, 'utf8')
  if (/[\ud800-\udfff]/.test(text)) throw new RangeError(`${path}: spans of a text with surrogate pairs`)
  return text
}
