import { log } from '@temporalio/activity'
import type { ExpertSummary } from '../domain/expert.ts'
import { inBatches } from '../domain/in-batches.ts'
import type { CallOptions, FileContext } from '../domain/ports.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'
import { discardVectors } from './record-failure.ts'

type Uses = Pick<Ports, 'runs' | 'vectors'>

/** Somebody waits for it. More at once would only earn refusals. */
const FILES_AT_ONCE = 8

/** Ends a run that was cancelled: files that are done stay, all others are cancelled and leave no vector. */
export const cancelUnfinished =
  (ports: Uses) =>
  ({ expertId }: { expertId: string }): Promise<ExpertSummary> =>
    heartbeating(async (options) => {
      const files = await ports.runs.unfinishedWithVectors(expertId)
      for (const batch of inBatches(files, FILES_AT_ONCE)) await cancelFiles(ports, batch, options)
      options.signal?.throwIfAborted()
      await ports.runs.cancelPending(expertId)
      log.warn('⚠️ Expert cancelled', { expertId })
      return ports.runs.summarize(expertId, { cancelled: true })
    })

/** Each is marked once its vectors are gone, so that another attempt goes on with those that are left. */
async function cancelFiles(ports: Uses, files: readonly FileContext[], options: CallOptions): Promise<void> {
  const cancelled = await Promise.allSettled(
    files.map(async (file) => {
      await discardVectors(ports, file, options)
      await ports.runs.cancelFile(file)
    }),
  )
  for (const each of cancelled) if (each.status === 'rejected') throw each.reason
}
