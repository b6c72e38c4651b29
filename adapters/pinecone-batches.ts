import { Failure } from '../domain/failure.ts'
import type { VectorRecord } from '../domain/ports.ts'
import type { ChunkFields } from './chunk-fields.ts'
import { toFields } from './chunk-fields.ts'

/** Pinecone's limits are 2 MB and 1,000 records a request, and 40 KB of metadata a record; some room is left for what is around the records. */
const MAX_BYTES = 1_900_000
const MAX_RECORDS = 1_000
const MAX_METADATA_BYTES = 40_960

type WireRecord = { readonly id: string; readonly values: number[]; readonly metadata: ChunkFields }

export function toPineconeRecord(record: VectorRecord): WireRecord {
  const metadata = toFields(record)
  const bytes = Buffer.byteLength(JSON.stringify(metadata))
  if (bytes > MAX_METADATA_BYTES)
    throw new Failure(
      'TOO_LARGE',
      { id: record.id },
      {
        detail: `a chunk takes ${bytes} bytes, and Pinecone keeps ${MAX_METADATA_BYTES} with a vector; lower CHUNK_TOKENS`,
      },
    )
  return { id: record.id, values: Array.from(record.vector), metadata }
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
