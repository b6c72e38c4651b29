import { log } from '@temporalio/activity'
import type { FailureCode } from '../../domain/failure.ts'
import type { BuildRef, ReindexStatus } from '../../domain/reindex.ts'
import { heartbeating } from '../heartbeating.ts'
import type { Ports } from '../ports.ts'

/** Enough for whoever looks at a run; the API has more of them. */
const FAILURES_SHOWN = 25
/** The longest that a search, which has read which generation serves, may go on with that. */
const SEARCHES_END_WITHIN_MS = 60_000

/** The activities that only read or write the rows of a re-index. */
export const keepBuilds = ({ builds, budget }: Pick<Ports, 'builds' | 'budget'>) => ({
  async listFilesToBuild({ after, limit, ...build }: BuildRef & { after: string; limit: number }) {
    const { expertId } = build
    const { files, last } = await builds.filesToBuild(build, after, limit)
    return { files: files.map((file) => ({ expertId, ...file })), last }
  },

  async lookAtBuild(build: BuildRef) {
    const [progress, failures] = await Promise.all([builds.progress(build), builds.failures(build, FAILURES_SHOWN)])
    return { progress, failures }
  },

  setBuildStatus: ({ status, reason, ...build }: BuildRef & { status: ReindexStatus; reason?: string }) =>
    builds.setStatus(build, status, reason),

  /** @returns in how many milliseconds what it waits for is there; nothing where nobody can say */
  async pauseBuild({ code, reason, ...build }: BuildRef & { code?: FailureCode; reason: string }) {
    await builds.setStatus(build, 'paused', reason)
    if (code !== 'TOKEN_QUOTA_EXHAUSTED') return null
    const expert = await builds.other(build)
    return expert ? { goesOnInMs: await budget.waitFor(expert.userId) } : null
  },

  /** Files that failed are tried again. */
  async resumeBuild({ status, ...build }: BuildRef & { status: ReindexStatus }) {
    await builds.requeue(build)
    await builds.setStatus(build, status)
  },

  /** Has nothing to wait for where nothing was switched, or the expert is being deleted. @returns in how many milliseconds no search reads the other generation any more */
  async searchesEndIn(build: BuildRef): Promise<number> {
    if (!(await builds.other(build))) return 0
    const since = await builds.sinceSwitch(build)
    return since === undefined ? 0 : Math.max(0, SEARCHES_END_WITHIN_MS - since)
  },
})

/** Has the other generation serve, unless something is missing there. */
export const switchGeneration =
  ({ builds }: Pick<Ports, 'builds'>) =>
  ({ to, ...build }: BuildRef & { to: number }) =>
    heartbeating(async () => {
      const outcome = await builds.switch(build, to)
      if (outcome.isSwitched) log.info('🔀 Another generation serves', { expertId: build.expertId, generation: to })
      return outcome
    })
