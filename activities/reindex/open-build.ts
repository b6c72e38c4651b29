import { ApplicationFailure } from '@temporalio/activity'
import type { BuildRef, OpenedBuild } from '../../domain/reindex.ts'
import type { Ports } from '../ports.ts'

/** Settings travel through the history, so that a change of them never breaks a replay. */
export type ReindexSettings = Pick<Ports['settings'], 'retryBudgetMs' | 'fileDeadlineMs' | 'rollbackWindowMs'> &
  Omit<OpenedBuild, 'estimate'> & {
    /** Of what the estimate says, what the Web UI shows. */
    readonly estimate: { readonly tokens: number; readonly amount: number | null; readonly tokensReused: number }
  }

/** Begins a run of a re-index. */
export const openBuild =
  ({ builds, settings }: Pick<Ports, 'builds' | 'settings'>) =>
  async (build: BuildRef): Promise<ReindexSettings> => {
    const opened = await builds.open(build)
    if (!opened)
      throw ApplicationFailure.nonRetryable(
        `There is no re-index ${build.generation} of expert ${build.expertId} to go on with: it has ended, or the expert is gone.`,
        'EXPERT_GONE',
      )
    const { retryBudgetMs, fileDeadlineMs, rollbackWindowMs } = settings
    return { retryBudgetMs, fileDeadlineMs, rollbackWindowMs, ...opened, estimate: shown(opened.estimate) }
  }

type Kept = {
  readonly tokens?: { readonly expected: number }
  readonly amount?: { readonly expected: number } | null
  readonly tokens_reused?: number
}

const shown = ({ tokens, amount, tokens_reused }: Kept) => ({
  tokens: tokens?.expected ?? 0,
  amount: amount?.expected ?? null,
  tokensReused: tokens_reused ?? 0,
})
