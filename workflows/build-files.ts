import { proxyActivities } from '@temporalio/workflow'
import type { FileRef } from '../activities/file-refs.ts'
import type { Activities } from '../activities/index.ts'
import type { BuildRef } from '../domain/reindex.ts'
import { BOOKKEEPING } from './activity-options.ts'
import { PagedQueue, runInLanes } from './lanes.ts'
import type { FileOutcome, ProcessingLimits } from './process-file.ts'
import { processFile } from './process-file.ts'

const { listFilesToBuild } = proxyActivities<Activities>(BOOKKEEPING)

/** Fewer than of a new expert, which somebody waits for. */
const FILES_IN_FLIGHT = 20
const PAGE_SIZE = 200
const FROM_THE_START = '0'

type Building = {
  readonly build: BuildRef
  readonly limits: Omit<ProcessingLimits, 'isUrgent'>
  /** Whether nothing new is to be begun. */
  readonly mustWait: () => boolean
  readonly note: (file: FileRef, outcome: FileOutcome) => void
}

/** One pass over the files that are missing in the generation that does not serve. */
export async function buildFiles({ build, limits, mustWait, note }: Building): Promise<void> {
  const { retryBudgetMs, fileDeadlineMs } = limits
  const queue = new PagedQueue<FileRef>(pagesOfFiles(build))
  const next = async () => (mustWait() ? undefined : queue.next())
  await runInLanes(FILES_IN_FLIGHT, next, async (file) =>
    note(file, await processFile(file, { retryBudgetMs, fileDeadlineMs, isUrgent: false })),
  )
}

async function* pagesOfFiles(build: BuildRef): AsyncGenerator<FileRef[], void> {
  for (let after = FROM_THE_START; ; ) {
    const { files, last } = await listFilesToBuild({ ...build, after, limit: PAGE_SIZE })
    if (files.length === 0) return
    after = last
    yield files
  }
}
