import { log } from '@temporalio/activity'
import type { ExpertSummary } from '../domain/expert.ts'
import type { Ports } from './ports.ts'
import { discardVectors } from './record-failure.ts'

/** Ends a run that was cancelled: files that are done stay, all others are cancelled and leave no vector. */
export const cancelUnfinished =
  (ports: Pick<Ports, 'runs' | 'vectors'>) =>
  async ({ expertId }: { expertId: string }): Promise<ExpertSummary> => {
    for (const fileId of await ports.runs.unfinishedWithVectors(expertId))
      await discardVectors(ports, { expertId, fileId })
    await ports.runs.cancelPending(expertId)
    log.warn('⚠️ Expert cancelled', { expertId })
    return ports.runs.summarize(expertId, { cancelled: true })
  }
