import { Failure } from '../domain/failure.ts'
import type { VectorRecord } from '../domain/ports.ts'
import type { ChunkFields } from './chunk-fields.ts'
import { toFields } from './chunk-fields.ts'

/** Pinecone's limits are 2 MB and 1,000 records a request, and 40 KB of metadata a record; some room is left for what is around the records. */
const MAX_BYTES = 1_900_000
/**
 * Vectors have the length 1, so that eight decimals are as good as the floats that Pinecone keeps, and take half the bytes
 * of the twenty digits that JavaScript would write: `-0.01234568,`.
 */
const DECIMALS = 1e8
const BYTES_PER_NUMBER = 12
const MAX_RECORDS = 1_000
const MAX_METADATA_BYTES = 40_960
/** What is around the id, the values and the metadata of a record. */
const AROUND = 100

type WireRecord = { readonly id: string; readonly values: number[]; readonly metadata: ChunkFields }

/** Batches by bytes of JSON, at the most: to write each record down just to measure it takes long. */
export function* toPineconeBatches(records: readonly VectorRecord[]): Generator<WireRecord[]> {
  let batch: WireRecord[] = []
  let bytes = 0
  for (const record of records) {
    const metadata = toFields(record)
    const size =
      record.vector.length * BYTES_PER_NUMBER + metadataBytes(record.id, metadata) + record.id.length + AROUND
    if (batch.length > 0 && (batch.length === MAX_RECORDS || bytes + size > MAX_BYTES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push({ id: record.id, values: Array.from(record.vector, toDecimals), metadata })
    bytes += size
  }
  if (batch.length > 0) yield batch
}

const toDecimals = (value: number) => Math.round(value * DECIMALS) / DECIMALS

/** @throws Failure TOO_LARGE */
function metadataBytes(id: string, metadata: ChunkFields): number {
  const bytes = Buffer.byteLength(JSON.stringify(metadata))
  if (bytes <= MAX_METADATA_BYTES) return bytes
  throw new Failure(
    'TOO_LARGE',
    { id },
    {
      detail: `a chunk takes ${bytes} bytes, and Pinecone keeps ${MAX_METADATA_BYTES} with a vector; lower CHUNK_TOKENS`,
    },
  )
}
