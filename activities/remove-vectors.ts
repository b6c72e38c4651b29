import { Failure } from '../domain/failure.ts'
import { vectorNamespace } from '../domain/keys.ts'
import type { CallOptions, RemovedFile } from '../domain/ports.ts'
import { earlierAttempt } from './earlier-attempt.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'

type Uses = Pick<Ports, 'runs' | 'vectors'>
type OneExpert = { readonly expertId: string }
type Removed = { readonly vectors: number; readonly vectorsLeft: number }
/** `files`: how many the expert had of them; `names`: of the first, for whoever looks at the run. */
type RemovedOfFiles = Removed & { readonly files: number; readonly names: readonly string[] }

const NAMES_SHOWN = 20

/** Removes the vectors of files that are being removed, also where they are built or kept beside those that serve, and asks the store whether they are gone. */
export const removeFileVectors =
  (ports: Uses) =>
  async ({ expertId, fileIds }: OneExpert & { fileIds: readonly string[] }): Promise<RemovedOfFiles> => {
    const { live } = await ports.runs.generations(expertId)
    const namespaces = live.map((generation) => vectorNamespace(expertId, generation))
    const files = await ports.runs.removing(expertId, fileIds)
    await heartbeating(async (options, beat) => {
      const { last } = earlierAttempt<{ last: string }>()
      // By its id, not its place: another removal may have taken out some of the files meanwhile.
      const begin = files.findIndex(({ fileId }) => fileId === last) + 1
      for (const file of files.slice(begin)) {
        for (const namespace of namespaces) await ports.vectors.deleteFile(namespace, file.fileId, file.chunks, options)
        beat({ last: file.fileId })
      }
      for (const namespace of namespaces) await checkGone(ports, namespace, files, options)
    })
    const vectors = files.reduce((sum, { chunks }) => sum + chunks, 0)
    return { vectors, vectorsLeft: 0, files: files.length, names: files.slice(0, NAMES_SHOWN).map(({ name }) => name) }
  }

/**
 * Asked once all are deleted: a store may go on showing for a while what is gone. What it shows is deleted once more, since a worker
 * that was cut off may have written it.
 * @throws Failure VECTOR_STORE_UNAVAILABLE, so that it is asked again later
 */
async function checkGone({ vectors }: Uses, namespace: string, files: readonly RemovedFile[], options: CallOptions) {
  const left: string[] = []
  for (const { fileId, chunks } of files)
    if (await vectors.hasFile(namespace, fileId, options)) {
      await vectors.deleteFile(namespace, fileId, chunks, options)
      left.push(fileId)
    }
  if (left.length === 0) return
  const detail = `vectors of ${left.length} files that were deleted are still there`
  throw new Failure('VECTOR_STORE_UNAVAILABLE', { fileIds: left.slice(0, 10) }, { detail })
}

/** Removes all vectors of an expert, of every generation, and asks the store whether they are gone. */
export const removeVectors =
  (ports: Uses) =>
  async ({ expertId }: OneExpert): Promise<Removed> => {
    const { last } = await ports.runs.generations(expertId)
    const namespaces = Array.from({ length: last }, (_, i) => vectorNamespace(expertId, i + 1))
    return heartbeating(async (options, _beat, keep) => {
      // Counted before anything was deleted.
      const { vectors = await countAll(ports, namespaces, options) } = earlierAttempt<{ vectors: number }>()
      await keep({ vectors })
      for (const namespace of namespaces) await ports.vectors.deleteNamespace(namespace, options)
      const vectorsLeft = await countAll(ports, namespaces, options)
      if (vectorsLeft > 0)
        throw new Failure(
          'VECTOR_STORE_UNAVAILABLE',
          { expertId },
          { detail: `${vectorsLeft} vectors that were deleted are still there` },
        )
      return { vectors, vectorsLeft }
    })
  }

async function countAll({ vectors }: Uses, namespaces: readonly string[], options: CallOptions): Promise<number> {
  let count = 0
  for (const namespace of namespaces) count += await vectors.count(namespace, options)
  return count
}
