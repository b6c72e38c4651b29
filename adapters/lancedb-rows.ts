import type { Vector } from 'apache-arrow'
import { Field, FixedSizeList, Float32, Int32, List, Schema, Utf8 } from 'apache-arrow'
import { wordedText } from '../domain/keyword-scores.ts'
import type { VectorFilter, VectorRecord } from '../domain/ports.ts'
import type { ChunkFields } from './chunk-fields.ts'
import { toFields } from './chunk-fields.ts'
import { searchTerms } from './search-terms.ts'

/** The column of what a chunk is found by, apart by spaces. A table that was written when terms were others lacks a column of this name. */
export const TERMS = 'terms_2'

export type Row = ChunkFields & { id: string; vector: number[]; [TERMS]: string }
export type FoundRow = ChunkFields & { readonly id: string }
export type FoundRowWithVector = FoundRow & { readonly vector: Vector<Float32> }

export const schemaOf = (dimensions: number) =>
  new Schema([
    new Field('id', new Utf8(), false),
    new Field('file_id', new Utf8(), false),
    new Field('chunk_index', new Int32(), false),
    new Field('text', new Utf8(), false),
    new Field('tokens', new Int32(), false),
    new Field('page_start', new Int32(), false),
    new Field('page_end', new Int32(), false),
    new Field('heading_path', new List(new Field('item', new Utf8(), true)), false),
    new Field('start_offset', new Int32(), false),
    new Field('end_offset', new Int32(), false),
    new Field('vector', new FixedSizeList(dimensions, new Field('item', new Float32(), true)), false),
    new Field(TERMS, new Utf8(), true),
  ])

/** All that a result is made of: vectors are large, and asked for only where they are looked at; terms never are. */
export const RESULT_COLUMNS = schemaOf(1)
  .names.map(String)
  .filter((name) => name !== 'vector' && name !== TERMS)

export const toRow = (record: VectorRecord): Row => ({
  id: record.id,
  ...toFields(record),
  vector: Array.from(record.vector),
  [TERMS]: searchTerms.ofText(wordedText(record.chunk)).join(' '),
})

/** Ids come from our own tables, but what is put into SQL is quoted whatever its origin. */
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** SQL, or undefined where everything is asked for. */
export function conditionOf({ fileIds, pages }: VectorFilter): string | undefined {
  const conditions = [
    ...(fileIds ? [fileIds.length > 0 ? `file_id in (${fileIds.map(literal)})` : 'false'] : []),
    ...(pages?.from !== undefined ? [`page_end >= ${Number(pages.from)}`] : []),
    ...(pages?.to !== undefined ? [`page_start <= ${Number(pages.to)}`] : []),
  ]
  return conditions.length > 0 ? conditions.join(' and ') : undefined
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, lengthA, lengthB] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0]
    dot += x * y
    lengthA += x * x
    lengthB += y * y
  }
  return dot / (Math.sqrt(lengthA * lengthB) || 1)
}
