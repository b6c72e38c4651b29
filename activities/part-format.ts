import { crc32 } from 'node:zlib'
import type { Chunk, EmbeddedChunk } from '../domain/chunk.ts'

/** The first line. `crc32`: of the vectors that follow. */
type Head = { readonly chunks: readonly Chunk[]; readonly crc32: number }

/**
 * Chunks and vectors as one object: a line of JSON, then the vectors one behind the other, as little-endian 32-bit floats.
 * Floats neither shrink nor read any better as text.
 */
export function encodePart(chunks: readonly EmbeddedChunk[]): Buffer {
  const vectors = chunks.map(({ vector }) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength))
  const head: Head = {
    chunks: chunks.map(({ vector: _, ...chunk }) => chunk),
    crc32: vectors.reduce((sum, bytes) => crc32(bytes, sum), 0),
  }
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...vectors])
}

/** @throws Error where it is not as it was written */
export function decodePart(part: Buffer): EmbeddedChunk[] {
  const end = part.indexOf('\n')
  if (end < 0) throw damaged()
  const { chunks, crc32: written }: Head = JSON.parse(part.toString('utf8', 0, end))
  const bytes = part.subarray(end + 1)
  if (crc32(bytes) !== written) throw damaged()
  // A copy, since a float may only begin at a multiple of four bytes.
  const floats = new Float32Array(Uint8Array.from(bytes).buffer)
  const length = floats.length / chunks.length
  return chunks.map((chunk, i) => ({ ...chunk, vector: floats.subarray(i * length, (i + 1) * length) }))
}

const damaged = () => new Error('a part of the embeddings is not as it was written')
