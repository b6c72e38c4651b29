import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow'
import type { FileRef } from '../activities/file-refs.ts'
import type { Activities } from '../activities/index.ts'
import type { RunSettings } from '../activities/open-run.ts'
import type { ExpertSummary, Progress } from '../domain/expert.ts'
import { FAILED_FILES_IN_SUMMARY } from '../domain/expert.ts'
import type { FileFailure } from '../domain/ports.ts'
import { BOOKKEEPING, CLEANING } from './activity-options.ts'
import type { AddRequest, CreateExpertWorkflow, RetryRequest } from './contract.ts'
import { addFiles, EXPERT_STATUS, FAILED_FILES, progress, retryFailedFiles, summary } from './contract.ts'
import { PagedQueue, runInLanes } from './lanes.ts'
import type { FileOutcome } from './process-file.ts'
import { processFile } from './process-file.ts'
import type { ReportedFailure } from './progress-report.ts'
import { renderReport } from './progress-report.ts'

const bookkeeping = proxyActivities<Activities>(BOOKKEEPING)
const { cancelUnfinished } = proxyActivities<Activities>(CLEANING)

/** Enough to keep several workers busy, few enough to leave room for other experts. */
const FILES_IN_FLIGHT = 50
const PAGE_SIZE = 200
const FILE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Carries all files of an expert into its knowledge base, then waits for `retryFailedFiles` and `addFiles` as long as
 * files have failed. A file that fails never stops another one; a fault of the system's pauses the run until the next signal.
 *
 * Everything but what is in flight is in Postgres, so that a run can be continued as new, or started again, at any time.
 */
export const CreateExpert: CreateExpertWorkflow = async ({ expertId }) => {
  const run = new ExpertRun(expertId)
  setHandler(retryFailedFiles, (request) => run.ask({ kind: 'retry', ...request }), {
    description: 'Processes failed files again: those among fileIds, or all. Resumes a paused expert.',
  })
  setHandler(addFiles, (request) => run.ask({ kind: 'add', ...request }), {
    description: 'Adds uploaded files to the expert and processes them.',
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

type Request = ({ kind: 'retry' } & RetryRequest) | ({ kind: 'add' } & AddRequest)

class ExpertRun {
  readonly #expertId: string
  readonly #requests: Request[] = []
  #failures: ReportedFailure[] = []
  #pausedBy: FileFailure | undefined
  progress: Progress = { files: 0, indexed: 0, failed: 0, pending: 0 }
  summary: ExpertSummary | null = null

  constructor(expertId: string) {
    this.#expertId = expertId
  }

  /** Signals may come from anybody's keyboard: what cannot be an id is left out, so that a slip does not end the run. */
  ask(request: Request): void {
    const isId = (id: unknown) => typeof id === 'string' && FILE_ID.test(id)
    this.#requests.push(request.fileIds ? { ...request, fileIds: [request.fileIds].flat().filter(isId) } : request)
  }

  async toItsEnd(): Promise<ExpertSummary> {
    const settings = await bookkeeping.openRun({ expertId: this.#expertId })
    this.progress = settings.progress
    for (;;) {
      await this.#settleRequests()
      this.#report('processing', 'Processing')
      await this.#processPendingFiles(settings)
      if (this.#pausedBy) await this.#pause(this.#pausedBy)
      else if (this.#requests.length === 0 && (await this.#finishPass(settings))) return this.#finished()
    }
  }

  async cancel(): Promise<ExpertSummary> {
    this.#requests.length = 0
    this.summary = await cancelUnfinished({ expertId: this.#expertId })
    this.#countFrom(this.summary)
    this.#report('cancelled', 'Cancelled')
    // Asked for after the cancellation, while it went on: a new beginning, which this run is too late for.
    if (this.#requests.length > 0) await this.#continueAsNew()
    return this.summary
  }

  async #processPendingFiles({ retryBudgetMs }: RunSettings): Promise<void> {
    let after = '0'
    const queue = new PagedQueue<FileRef>(async () => {
      await this.#settleRequests()
      const page = await bookkeeping.listPendingFiles({ expertId: this.#expertId, after, limit: PAGE_SIZE })
      after = page.last
      return page.files
    })
    const next = async () => (this.#mustDrain() ? undefined : queue.next())
    await runInLanes(FILES_IN_FLIGHT, next, async (file) => {
      this.#note(file, await processFile(file, retryBudgetMs))
    })
    if (workflowInfo().continueAsNewSuggested) await this.#continueAsNew()
  }

  /** Nothing new is begun once the system is at fault or the history has grown long. */
  #mustDrain(): boolean {
    return this.#pausedBy !== undefined || workflowInfo().continueAsNewSuggested
  }

  #note(file: FileRef, outcome: FileOutcome): void {
    const { indexed, failed, pending, files } = this.progress
    if (outcome.status === 'postponed') {
      this.#pausedBy ??= outcome.failure
      return
    }
    if (outcome.status === 'indexed') this.progress = { files, indexed: indexed + 1, failed, pending: pending - 1 }
    else {
      this.progress = { files, indexed, failed: failed + 1, pending: pending - 1 }
      if (this.#failures.length < FAILED_FILES_IN_SUMMARY)
        this.#failures.push({ fileId: file.fileId, name: file.name, ...outcome.failure })
    }
    this.#describe('Processing')
  }

  /** @returns whether the run is over: all files are in, or nobody asked for a retry in time */
  async #finishPass({ retryWindowMs }: RunSettings): Promise<boolean> {
    this.summary = await bookkeeping.summarizePass({ expertId: this.#expertId })
    this.#countFrom(this.summary)
    const { status, totals } = this.summary
    if (totals.failed === 0) {
      this.#report(status, 'Ready')
      return this.#requests.length === 0
    }
    this.#report(status, `${totals.failed} of ${totals.files} files failed; waiting for a retry`)
    const asked = await condition(() => this.#requests.length > 0, retryWindowMs)
    if (asked) await bookkeeping.resumeExpert({ expertId: this.#expertId })
    return !asked
  }

  async #pause({ code, message }: FileFailure): Promise<void> {
    const reason = `${code}: ${message}`
    await bookkeeping.pauseExpert({ expertId: this.#expertId, reason })
    this.#report('paused', `Paused – ${reason} Send the signal retryFailedFiles to go on.`)
    await condition(() => this.#requests.length > 0)
    this.#pausedBy = undefined
    await bookkeeping.resumeExpert({ expertId: this.#expertId })
  }

  async #settleRequests(): Promise<void> {
    for (let request = this.#requests.shift(); request; request = this.#requests.shift()) {
      if (request.kind === 'add') await this.#attach(request)
      else await this.#requeue(request)
    }
  }

  async #attach({ fileIds }: AddRequest): Promise<void> {
    this.progress = await bookkeeping.attachFiles({ expertId: this.#expertId, fileIds })
  }

  async #requeue({ fileIds }: RetryRequest): Promise<void> {
    this.progress = await bookkeeping.requeueFiles({ expertId: this.#expertId, ...(fileIds && { fileIds }) })
    this.#failures = this.#failures.filter(({ fileId }) => fileIds && !fileIds.includes(fileId))
  }

  async #continueAsNew(): Promise<never> {
    await this.#settleRequests()
    return continueAsNew<CreateExpertWorkflow>({ expertId: this.#expertId })
  }

  #finished(): ExpertSummary {
    if (!this.summary) throw new Error('a run cannot finish without a summary')
    return this.summary
  }

  #countFrom({ totals: { files, indexed, failed }, failed_files }: ExpertSummary): void {
    this.progress = { files, indexed, failed, pending: files - indexed - failed }
    this.#failures = failed_files.map(({ file_id, ...failure }) => ({ fileId: file_id, ...failure }))
  }

  #report(status: string, headline: string): void {
    upsertSearchAttributes([
      { key: EXPERT_STATUS, value: status },
      { key: FAILED_FILES, value: this.progress.failed },
    ])
    this.#describe(headline)
  }

  #describe(headline: string): void {
    setCurrentDetails(renderReport({ headline, progress: this.progress, failures: this.#failures }))
  }
}
