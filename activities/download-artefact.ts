import type { Readable } from 'node:stream'
import { Failure } from '../domain/failure.ts'
import type { CallOptions, ObjectStore } from '../domain/ports.ts'

/**
 * Derived artefacts may be deleted at any time – with the last expert that uses them, or by a lifecycle rule –, since they
 * can be made again.
 * @throws Failure ARTEFACT_MISSING, and those of `ObjectStore.download` save for OBJECT_MISSING, which is said of originals
 */
export async function downloadArtefact(objects: ObjectStore, key: string, options: CallOptions): Promise<Readable> {
  try {
    return await objects.download(key, options)
  } catch (error) {
    if (error instanceof Failure && error.code === 'OBJECT_MISSING') throw new Failure('ARTEFACT_MISSING', { key })
    throw error
  }
}
