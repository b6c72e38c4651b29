import { ApplicationFailure } from '@temporalio/activity'
import type { BuildRef, EndedBuild, OpenedBuild, ReindexReceipt } from '../../domain/reindex.ts'
import type { Ports } from '../ports.ts'

/** Settings travel through the history, so that a change of them never breaks a replay. */
export type ReindexSettings = Pick<Ports['settings'], 'retryBudgetMs' | 'fileDeadlineMs' | 'rollbackWindowMs'> &
  Omit<OpenedBuild, 'estimate'> & {
    /** Of what the estimate says, what the Web UI shows. */
    readonly estimate: { readonly tokens: number; readonly amount: number | null; readonly tokensReused: number }
  }

/** `ended`: there is nothing to do any more. */
type Opened = ReindexSettings | { readonly ended: ReindexReceipt }

/** Begins a run of a re-index. */
export const openBuild =
  ({ builds, settings }: Pick<Ports, 'builds' | 'settings'>) =>
  async (build: BuildRef): Promise<Opened> => {
    const opened = await builds.open(build)
    if (!opened)
      throw ApplicationFailure.nonRetryable(
        `There is no re-index ${build.generation} of expert ${build.expertId} to go on with: there never was, or the expert is gone.`,
        'EXPERT_GONE',
      )
    if ('outcome' in opened) return { ended: receiptOf(build, opened) }
    const { retryBudgetMs, fileDeadlineMs } = settings
    // Of a run that goes on after another one, what that has left of it.
    const waited = opened.status === 'switched' ? ((await builds.sinceSwitch(build)) ?? 0) : 0
    const rollbackWindowMs = Math.max(0, settings.rollbackWindowMs - waited)
    return { retryBudgetMs, fileDeadlineMs, rollbackWindowMs, ...opened, estimate: shown(opened.estimate) }
  }

const receiptOf = ({ expertId, generation }: BuildRef, { outcome, model }: EndedBuild): ReindexReceipt => ({
  ...{ expert_id: expertId, generation, outcome, embedding_model: model },
  ...{ files: 0, vectors_deleted: 0, vectors_left: 0, artefacts_deleted: 0 },
})

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
