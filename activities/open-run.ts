import { ApplicationFailure } from '@temporalio/activity'
import type { Progress } from '../domain/expert.ts'
import type { Ports } from './ports.ts'

export type RunSettings = Ports['settings'] & {
  readonly progress: Progress
  /** Files whose removal an earlier run did not finish. */
  readonly removing: readonly string[]
}

/** Begins a run of an expert's workflow. Settings travel through the history, so that a change of them never breaks a replay. */
export const openRun =
  ({ runs, settings }: Pick<Ports, 'runs' | 'settings'>) =>
  async ({ expertId }: { expertId: string }): Promise<RunSettings> => {
    const expert = await runs.open(expertId)
    if (!expert || expert.status === 'deleting')
      throw ApplicationFailure.nonRetryable(`Expert ${expertId} does not exist any more.`, 'EXPERT_GONE')
    return { progress: expert.progress, removing: expert.removing, ...settings }
  }
