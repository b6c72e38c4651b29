import { log } from '@temporalio/activity'
import { vectorNamespace } from '../domain/keys.ts'
import type { CallOptions, FileContext, FileFailure, FileRuns, RunStore } from '../domain/ports.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'

type Uses = { readonly runs: FileRuns & Pick<RunStore, 'find'> } & Pick<Ports, 'vectors'>

/** Reports a file as failed, once the vectors that it may have are gone: no vector of a failed file is left behind. */
export const recordFailure =
  (ports: Uses) =>
  ({ stage, code, message, ...file }: FileContext & FileFailure): Promise<void> =>
    heartbeating(async (options) => {
      await discardVectors(ports, file, options)
      const s3Key = await ports.runs.markFailed(file, { stage, code, message })
      log.error(`❌ ${message}`, { fileId: file.fileId, s3Key, stage, code })
    })

/** Removes the vectors that an unfinished file may have. */
export async function discardVectors({ runs, vectors }: Uses, file: FileContext, options: CallOptions): Promise<void> {
  const chunks = await runs.possibleChunks(file)
  if (chunks === 0) return
  const generation = file.build ?? (await runs.find(file.expertId))?.generation
  if (generation === undefined) return
  const namespace = vectorNamespace(file.expertId, generation)
  await vectors.deleteFile(namespace, file.fileId, chunks, options)
}
