import { CancellationScope, isCancellation, setHandler } from '@temporalio/workflow'
import type { CreateExpertWorkflow } from './contract.ts'
import { addFiles, progress, removeFiles, retryFailedFiles, summary } from './contract.ts'
import { ExpertRun } from './expert-run.ts'

/**
 * Carries all files of an expert into its knowledge base, then waits for `retryFailedFiles` and `addFiles` as long as
 * files have failed. A file that fails never stops another one; a fault of the system's pauses the run until the next signal.
 *
 * Everything but what is in flight is in Postgres, so that a run can be continued as new, or started again, at any time.
 */
export const CreateExpert: CreateExpertWorkflow = async ({ expertId }) => {
  const run = new ExpertRun(expertId)
  setHandler(retryFailedFiles, (request) => run.retry({ ...request }), {
    description: 'Processes failed files again: those among fileIds, or all. Resumes a paused expert.',
  })
  setHandler(addFiles, (request) => run.add({ ...request }), {
    description: 'Adds uploaded files to the expert and processes them. Resumes a paused expert.',
  })
  setHandler(removeFiles, (request) => run.remove({ ...request }), {
    description: 'Takes files out of the expert, with their vectors. Those that are being processed are cancelled.',
  })
  setHandler(progress, () => run.progress, { description: 'How many files are indexed, failed and pending.' })
  setHandler(summary, () => run.summary, { description: 'The summary of the last pass; null before its end.' })
  try {
    return await run.toItsEnd()
  } catch (error) {
    if (!isCancellation(error)) throw error
    return CancellationScope.nonCancellable(() => run.cancel())
  }
}
