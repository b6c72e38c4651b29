import { CancellationScope, isCancellation, setHandler } from '@temporalio/workflow'
import type { ReindexExpertWorkflow } from './contract.ts'
import {
  cancelReindex,
  finishReindex,
  pauseReindex,
  reindexProgress,
  resumeReindex,
  rollBackReindex,
} from './contract.ts'
import { ReindexRun } from './reindex-run.ts'

/**
 * Gives an expert vectors of another model, or of other chunks, while the old ones serve: builds them in a namespace of their own,
 * verifies them, has them serve by one transaction, keeps the old ones for a roll-back, then removes those that lost.
 *
 * Everything but what is in flight is in Postgres, so that a run can be continued as new, or started again, at any time.
 */
export const ReindexExpert: ReindexExpertWorkflow = async (input) => {
  const run = new ReindexRun(input)
  setHandler(pauseReindex, () => run.ask('pause'), {
    description: 'Begins no more files; those that are in flight end. The old vectors serve on.',
  })
  setHandler(resumeReindex, () => run.ask('resume'), {
    description: 'Goes on after a pause, and tries files that failed again.',
  })
  setHandler(cancelReindex, () => run.ask('cancel'), {
    description: 'Before the switch: removes what was built. Nothing has changed then.',
  })
  setHandler(rollBackReindex, () => run.ask('roll back'), {
    description: 'After the switch: has the old vectors serve again, then removes the new ones.',
  })
  setHandler(finishReindex, () => run.ask('finish'), {
    description: 'After the switch: removes the old vectors now. There is no way back then.',
  })
  setHandler(reindexProgress, () => run.state, {
    description: 'How far it is, why it is paused, and what became of the last signal.',
  })
  try {
    return await run.toItsEnd()
  } catch (error) {
    if (!isCancellation(error)) throw error
    return CancellationScope.nonCancellable(() => run.end())
  }
}
