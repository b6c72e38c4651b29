import { log } from '@temporalio/activity'
import { vectorNamespace } from '../domain/keys.ts'
import type { FileContext, FileFailure } from '../domain/ports.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'

type Uses = Pick<Ports, 'runs' | 'vectors'>

/** Reports a file as failed, once the vectors that it may have are gone: no vector of a failed file is left behind. */
export const recordFailure =
  (ports: Uses) =>
  async ({ expertId, fileId, stage, code, message }: FileContext & FileFailure): Promise<void> => {
    await discardVectors(ports, { expertId, fileId })
    const s3Key = await ports.runs.markFailed({ expertId, fileId }, { stage, code, message })
    log.error(`❌ ${message}`, { fileId, s3Key, stage, code })
  }

/** Removes the vectors that an unfinished file may have. */
export async function discardVectors({ runs, vectors }: Uses, file: FileContext): Promise<void> {
  const chunks = await runs.possibleChunks(file)
  if (chunks === 0) return
  const expert = await runs.find(file.expertId)
  if (!expert) return
  const namespace = vectorNamespace(file.expertId, expert.generation)
  await heartbeating((options) => vectors.deleteFile(namespace, file.fileId, chunks, options))
}
