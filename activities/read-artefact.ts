import { buffer } from 'node:stream/consumers'
import { Failure } from '../domain/failure.ts'
import type { CallOptions, ObjectStore } from '../domain/ports.ts'

/**
 * Reads a derived artefact. They may be deleted at any time – with the last expert that uses them, or by a lifecycle rule –,
 * since they can be made again; one that `decode` cannot read is deleted here, so that it is.
 * @throws Failure ARTEFACT_MISSING, STORAGE_UNAVAILABLE where some of the bytes did not arrive, and those of
 * `ObjectStore.download` save for OBJECT_MISSING, which is said of originals
 */
export async function readArtefact<T>(
  objects: ObjectStore,
  key: string,
  options: CallOptions,
  decode: (bytes: Buffer) => T | Promise<T>,
): Promise<T> {
  const bytes = await download(objects, key, options)
  try {
    return await decode(bytes)
  } catch {
    // Without its cause: an error of JSON.parse quotes the text.
    throw await whyUnreadable(objects, key, bytes.length, options)
  }
}

/** Undefined where it is gone or cannot be read: the caller makes it anew, and overwrites what is there. */
export async function readUnlessDamaged<T>(
  read: () => Promise<T | undefined>,
  { signal }: CallOptions,
): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof Failure && error.code !== 'OBJECT_MISSING') throw error
    return undefined
  }
}

async function download(objects: ObjectStore, key: string, options: CallOptions): Promise<Buffer> {
  try {
    return await buffer(await objects.download(key, options))
  } catch (error) {
    if (error instanceof Failure && error.code === 'OBJECT_MISSING') throw new Failure('ARTEFACT_MISSING', { key })
    throw error
  }
}

/** An object that ended early looks like one that is damaged, unless its length is asked for. */
async function whyUnreadable(
  objects: ObjectStore,
  key: string,
  received: number,
  options: CallOptions,
): Promise<Failure> {
  const size = (await objects.size(key, options)) ?? 0
  if (received < size)
    return new Failure(
      'STORAGE_UNAVAILABLE',
      { key },
      { detail: `the object ended after ${received} of ${size} bytes` },
    )
  await objects.delete(key, options)
  return new Failure('ARTEFACT_MISSING', { key }, { detail: 'it was damaged' })
}
