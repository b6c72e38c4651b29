import { getClient, log } from '@temporalio/activity'
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client'
import { createExpertId } from '../workflows/contract.ts'
import { earlierAttempt } from './earlier-attempt.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'

type OneExpert = { readonly expertId: string }
type Removed = { readonly files: number }

/** Cancels the expert's run and waits until it has ended: from then on nothing writes vectors of this expert. */
export async function stopRun({ expertId }: OneExpert): Promise<void> {
  const run = getClient().workflow.getHandle(createExpertId(expertId))
  await heartbeating(async () => {
    try {
      await run.cancel()
      await run.result()
    } catch (error) {
      // It never ran, has ended, or ended without a result: stopped all the same.
      if (!(error instanceof WorkflowNotFoundError || error instanceof WorkflowFailedError)) throw error
    }
  })
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
