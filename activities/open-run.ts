import { ApplicationFailure } from '@temporalio/activity'
import type { Progress } from '../domain/expert.ts'
import type { Ports } from './ports.ts'

export type RunSettings = {
  readonly progress: Progress
  readonly retryBudgetMs: number
  readonly retryWindowMs: number
}

/** Begins a run of an expert's workflow. Settings travel through the history, so that a change of them never breaks a replay. */
export const openRun =
  ({ runs, settings }: Pick<Ports, 'runs' | 'settings'>) =>
  async ({ expertId }: { expertId: string }): Promise<RunSettings> => {
    const expert = await runs.open(expertId)
    if (!expert || expert.status === 'deleting')
      throw ApplicationFailure.nonRetryable(`Expert ${expertId} does not exist any more.`, 'EXPERT_GONE')
    return { progress: expert.progress, ...settings }
  }
