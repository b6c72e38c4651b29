import type { RecordMetadata } from '@pinecone-database/pinecone'
import { Failure } from '../domain/failure.ts'
import type { VectorRecord } from '../domain/ports.ts'

/** Pinecone's limits are 2 MB and 1,000 records a request, and 40 KB of metadata a record; some room is left for what is around the records. */
const MAX_BYTES = 1_900_000
const MAX_RECORDS = 1_000
const MAX_METADATA_BYTES = 40_960

/** A chunk as it is kept beside its vector. */
export type Metadata = RecordMetadata & {
  file_id: string
  chunk_index: number
  text: string
  tokens: number
  page_start: number
  page_end: number
  heading_path: string[]
  start_offset: number
  end_offset: number
}

type WireRecord = { readonly id: string; readonly values: number[]; readonly metadata: Metadata }

export function toPineconeRecord({ id, fileId, chunk, vector }: VectorRecord): WireRecord {
  const metadata = {
    file_id: fileId,
    chunk_index: chunk.index,
    text: chunk.text,
    tokens: chunk.tokens,
    page_start: chunk.pageStart,
    page_end: chunk.pageEnd,
    heading_path: [...chunk.headingPath],
    start_offset: chunk.startOffset,
    end_offset: chunk.endOffset,
  }
  const bytes = Buffer.byteLength(JSON.stringify(metadata))
  if (bytes > MAX_METADATA_BYTES)
    throw new Failure(
      'TOO_LARGE',
      { id },
      {
        detail: `a chunk takes ${bytes} bytes, and Pinecone keeps ${MAX_METADATA_BYTES} with a vector; lower CHUNK_TOKENS`,
      },
    )
  return { id, values: Array.from(vector), metadata }
}

/** Batches by bytes of JSON: a hundred vectors of 1,536 numbers are too many already. */
export function* inBatches(records: readonly WireRecord[]): Generator<WireRecord[]> {
  let batch: WireRecord[] = []
  let bytes = 0
  for (const record of records) {
    const size = Buffer.byteLength(JSON.stringify(record)) + 1
    if (batch.length > 0 && (batch.length === MAX_RECORDS || bytes + size > MAX_BYTES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(record)
    bytes += size
  }
  if (batch.length > 0) yield batch
}
