import { buffer } from 'node:stream/consumers'
import type { EmbeddedChunk } from '../domain/chunk.ts'
import { embeddingsManifestKey, embeddingsPartKey } from '../domain/keys.ts'
import type { CallOptions, ObjectStore } from '../domain/ports.ts'
import { decodePart, encodePart } from './part-format.ts'
import { readArtefact, readUnlessDamaged } from './read-artefact.ts'

/** Written when every part is there: what they hold together. */
export type EmbeddingsManifest = { readonly parts: number; readonly chunks: number; readonly tokens: number }

/** Undefined unless all of its parts are there: it may outlive them, since they are deleted one by one. */
export async function readManifest(objects: ObjectStore, prefix: string, options: CallOptions) {
  const key = embeddingsManifestKey(prefix)
  if ((await objects.size(key, options)) === undefined) return undefined
  const manifest = await readUnlessDamaged(async () => {
    const bytes = await buffer(await objects.download(key, options))
    return JSON.parse(bytes.toString()) as EmbeddingsManifest
  }, options)
  return manifest && (await hasParts(objects, prefix, manifest.parts, options)) ? manifest : undefined
}

/** Whether parts `0 … parts-1` are there; one listing instead of a request for each. */
async function hasParts(objects: ObjectStore, prefix: string, parts: number, options: CallOptions): Promise<boolean> {
  const missing = new Set(Array.from({ length: parts }, (_, part) => embeddingsPartKey(prefix, part)))
  for await (const { key } of objects.list(`${prefix}/`, options)) missing.delete(key)
  return missing.size === 0
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

/** @throws Failure of `readArtefact` */
export const readPart = (
  objects: ObjectStore,
  prefix: string,
  part: number,
  options: CallOptions,
): Promise<EmbeddedChunk[]> => readArtefact(objects, embeddingsPartKey(prefix, part), options, decodePart)
