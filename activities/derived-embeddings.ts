import { buffer } from 'node:stream/consumers'
import type { EmbeddedChunk } from '../domain/chunk.ts'
import { embeddingsManifestKey, embeddingsPartKey } from '../domain/keys.ts'
import type { CallOptions, ObjectStore } from '../domain/ports.ts'
import { downloadArtefact } from './download-artefact.ts'
import { decodePart, encodePart } from './part-format.ts'

/** Written when every part is there: what they hold together. */
export type EmbeddingsManifest = { readonly parts: number; readonly chunks: number; readonly tokens: number }

export async function readManifest(objects: ObjectStore, prefix: string, options: CallOptions) {
  const key = embeddingsManifestKey(prefix)
  if ((await objects.size(key, options)) === undefined) return undefined
  const body = await objects.download(key, options)
  return JSON.parse((await buffer(body)).toString()) as EmbeddingsManifest
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
  await objects.upload(embeddingsPartKey(prefix, part), encodePart(chunks), options)
}

export async function readPart(
  objects: ObjectStore,
  prefix: string,
  part: number,
  options: CallOptions,
): Promise<EmbeddedChunk[]> {
  const key = embeddingsPartKey(prefix, part)
  return decodePart(await buffer(await downloadArtefact(objects, key, options)), key)
}
