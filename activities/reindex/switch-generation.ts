import { getClient, log } from '@temporalio/activity'
import { WorkflowNotFoundError } from '@temporalio/client'
import type { BuildRef } from '../../domain/reindex.ts'
import { createExpertId, retryFailedFiles } from '../../workflows/contract.ts'
import { heartbeating } from '../heartbeating.ts'
import type { Ports } from '../ports.ts'

/** Has the other generation serve, unless something is missing there. */
export const switchGeneration =
  ({ builds, runs }: Pick<Ports, 'builds' | 'runs'>) =>
  ({ to, ...build }: BuildRef & { to: number }) =>
    heartbeating(async () => {
      const { expertId } = build
      const outcome = await builds.switch(build, to)
      if (!outcome.isSwitched) return outcome
      log.info('🔀 Another generation serves', { expertId, generation: to })
      if ((await runs.find(expertId))?.status === 'paused') await tryAgain(expertId)
      return outcome
    })

/** What its run waits for may be the other model's fault, or that it is not to be had. If not, it pauses again. A retry of no file goes on with those that are pending. */
async function tryAgain(expertId: string): Promise<void> {
  try {
    await getClient().workflow.getHandle(createExpertId(expertId)).signal(retryFailedFiles, { fileIds: [] })
  } catch (error) {
    // Somebody ended it; the next request starts another one.
    if (!(error instanceof WorkflowNotFoundError)) throw error
  }
}
