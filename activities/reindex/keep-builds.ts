import type { FailureCode } from '../../domain/failure.ts'
import type { BuildRef, ReindexStatus } from '../../domain/reindex.ts'
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
    const [isOpen, progress, failures] = await Promise.all([
      builds.isOpen(build),
      builds.progress(build),
      builds.failures(build, FAILURES_SHOWN),
    ])
    return { isClosed: !isOpen, progress, failures }
  },

  async setBuildStatus({ status, ...build }: BuildRef & { status: ReindexStatus }) {
    await builds.setStatus(build, status)
  },

  /** @returns in how many milliseconds what it waits for is there; nothing where nobody can say */
  async pauseBuild({ code, reason, ...build }: BuildRef & { code?: FailureCode; reason: string }) {
    // One that has ended has nothing to wait for.
    if (!(await builds.setStatus(build, 'paused', reason))) return { goesOnInMs: 0 }
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
