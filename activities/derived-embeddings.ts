import type { EmbeddedChunk } from '../domain/chunk.ts'
import { embeddingsManifestKey, embeddingsPartKey } from '../domain/keys.ts'
import type { CallOptions, ObjectStore } from '../domain/ports.ts'
import { downloadArtefact } from './download-artefact.ts'
import { fromJsonLines, toJsonLines } from './json-lines.ts'

/** Written when every part is there: what they hold together. */
export type EmbeddingsManifest = { readonly parts: number; readonly chunks: number; readonly tokens: number }

type Line = Omit<EmbeddedChunk, 'vector'> & { readonly vector: string }

export async function readManifest(objects: ObjectStore, prefix: string, options: CallOptions) {
  const key = embeddingsManifestKey(prefix)
  if ((await objects.size(key, options)) === undefined) return undefined
  const body = await objects.download(key, options)
  return JSON.parse(Buffer.concat(await body.toArray()).toString()) as EmbeddingsManifest
}

export async function writeManifest(
  objects: ObjectStore,
  prefix: string,
  manifest: EmbeddingsManifest,
  options: CallOptions,
) {
  await objects.upload(embeddingsManifestKey(prefix), Buffer.from(JSON.stringify(manifest)), options)
}

export async function hasPart(objects: ObjectStore, prefix: string, part: number, options: CallOptions) {
  return (await objects.size(embeddingsPartKey(prefix, part), options)) !== undefined
}

export async function writePart(
  objects: ObjectStore,
  prefix: string,
  part: number,
  chunks: readonly EmbeddedChunk[],
  options: CallOptions,
) {
  await objects.upload(embeddingsPartKey(prefix, part), toJsonLines(chunks.map(toLine)), options)
}

export async function readPart(
  objects: ObjectStore,
  prefix: string,
  part: number,
  options: CallOptions,
): Promise<EmbeddedChunk[]> {
  const chunks: EmbeddedChunk[] = []
  const body = await downloadArtefact(objects, embeddingsPartKey(prefix, part), options)
  for await (const line of fromJsonLines<Line>(body)) chunks.push(fromLine(line))
  return chunks
}

const toLine = ({ vector, ...chunk }: EmbeddedChunk): Line => ({
  ...chunk,
  vector: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64'),
})

function fromLine({ vector, ...chunk }: Line): EmbeddedChunk {
  // A copy, since the bytes of a small buffer need not begin where a float may.
  const bytes = Uint8Array.from(Buffer.from(vector, 'base64'))
  return { ...chunk, vector: new Float32Array(bytes.buffer) }
}
