import { getClient, log } from '@temporalio/activity'
import { WorkflowNotFoundError } from '@temporalio/client'
import { createExpertId, reindexExpertId } from '../workflows/contract.ts'
import { earlierAttempt } from './earlier-attempt.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'

type OneExpert = { readonly expertId: string }
type Removed = { readonly files: number }

/** Asks the expert's run, and its re-indexes, to stop. @returns whether all are over: from then on nothing writes vectors of this expert */
export const stopRun =
  ({ builds }: Pick<Ports, 'builds'>) =>
  async ({ expertId }: OneExpert): Promise<boolean> => {
    const generations = await builds.generations(expertId)
    const reindexes = generations.map((generation) => reindexExpertId({ expertId, generation }))
    const over = await Promise.all([createExpertId(expertId), ...reindexes].map(stop))
    return over.every(Boolean)
  }

async function stop(workflowId: string): Promise<boolean> {
  const run = getClient().workflow.getHandle(workflowId)
  try {
    const { status } = await run.describe()
    if (status.name === 'RUNNING') await run.cancel()
    return status.name !== 'RUNNING'
  } catch (error) {
    // It never ran, or has ended in between.
    if (error instanceof WorkflowNotFoundError) return true
    throw error
  }
}

/** Deletes the expert's rows. */
export const removeExpert =
  ({ runs }: Pick<Ports, 'runs'>) =>
  ({ expertId }: OneExpert): Promise<Removed> =>
    heartbeating(async (_options, _beat, keep) => {
      // Counted before they are deleted, perhaps by an attempt that died before it could say that they are.
      const { files = await runs.fileCount(expertId) } = earlierAttempt<Removed>()
      await keep({ files })
      await runs.delete(expertId)
      log.info('🗑️ Expert deleted', { expertId, files })
      return { files }
    })
