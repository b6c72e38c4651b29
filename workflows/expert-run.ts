import {
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  executeChild,
  log,
  proxyActivities,
  setCurrentDetails,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow'
import type { FileRef } from '../activities/file-refs.ts'
import type { Activities } from '../activities/index.ts'
import type { RunSettings } from '../activities/open-run.ts'
import type { ExpertSummary, Progress } from '../domain/expert.ts'
import { FAILED_FILES_IN_SUMMARY } from '../domain/expert.ts'
import type { FileFailure } from '../domain/ports.ts'
import { BOOKKEEPING, CLEANING } from './activity-options.ts'
import type { AddRequest, CreateExpertWorkflow, RemoveFilesWorkflow, RemoveRequest, RetryRequest } from './contract.ts'
import { EXPERT_ID, EXPERT_STATUS, FAILED_FILES, REMOVE_FILES, removeFilesId } from './contract.ts'
import { FilesInFlight } from './files-in-flight.ts'
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
/** Of an expert that is nearly done, or had few files from the start: they go before those of others. */
const FEW_FILES = 20
const FILE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

type Request =
  | ({ readonly kind: 'retry' } & RetryRequest)
  | ({ readonly kind: 'add' } & AddRequest)
  /** Files were removed, so that the summary is out of date. */
  | { readonly kind: 'recount' }

/** One run of `CreateExpert`: what it was asked for, how far it is, and what it shows of that. */
export class ExpertRun {
  readonly #expertId: string
  readonly #requests: Request[] = []
  readonly #inFlight = new FilesInFlight()
  #removals = 0
  #headline = 'Processing'
  #failures: ReportedFailure[] = []
  #pausedBy: FileFailure | undefined
  progress: Progress = { files: 0, indexed: 0, failed: 0, pending: 0 }
  summary: ExpertSummary | null = null

  constructor(expertId: string) {
    this.#expertId = expertId
  }

  /** Without `fileIds`: every file that failed or was cancelled. */
  retry({ fileIds }: RetryRequest): void {
    this.#requests.push(fileIds ? { kind: 'retry', fileIds: idsIn(fileIds) } : { kind: 'retry' })
  }

  add({ fileIds }: AddRequest): void {
    this.#requests.push({ kind: 'add', fileIds: idsIn(fileIds) })
  }

  /** Goes on beside the processing of other files, and also when the run is cancelled. */
  async remove({ fileIds, requestId }: RemoveRequest): Promise<void> {
    this.#removals += 1
    try {
      await CancellationScope.nonCancellable(() => this.#remove(idsIn(fileIds), idsIn(requestId)[0]))
    } finally {
      this.#removals -= 1
    }
  }

  async toItsEnd(): Promise<ExpertSummary> {
    const settings = await bookkeeping.openRun({ expertId: this.#expertId })
    this.progress = settings.progress
    const unfinished = settings.removing.length > 0 && this.remove({ fileIds: settings.removing })
    for (;;) {
      await this.#settleRequests()
      this.#report('processing', 'Processing')
      await this.#processPendingFiles(settings)
      await unfinished
      if (this.#pausedBy) await this.#untilAskedToGoOn()
      else if (await this.#finishPass(settings)) return this.#finished()
    }
  }

  async cancel(): Promise<ExpertSummary> {
    this.#requests.length = 0
    await this.#removalsDone()
    this.summary = await cancelUnfinished({ expertId: this.#expertId })
    this.#countFrom(this.summary)
    this.#report('cancelled', 'Cancelled')
    // Asked for after the cancellation, while it went on: a new beginning, which this run is too late for.
    if (this.#requests.some(({ kind }) => kind !== 'recount')) await this.#continueAsNew()
    return this.summary
  }

  async #processPendingFiles(settings: RunSettings): Promise<void> {
    let after = '0'
    const queue = new PagedQueue<FileRef>(async () => {
      await this.#settleRequests()
      const page = await bookkeeping.listPendingFiles({ expertId: this.#expertId, after, limit: PAGE_SIZE })
      after = page.last
      return page.files
    })
    const next = async () => (this.#mustDrain() ? undefined : queue.next())
    await runInLanes(FILES_IN_FLIGHT, next, (file) => this.#process(file, settings))
    if (workflowInfo().continueAsNewSuggested) await this.#continueAsNew()
  }

  async #process(file: FileRef, settings: RunSettings): Promise<void> {
    const isUrgent = this.progress.pending <= FEW_FILES
    const outcome = await this.#inFlight.run(file.fileId, () => processFile(file, { ...settings, isUrgent }))
    if (outcome?.status === 'postponed') await this.#pause(outcome.failure)
    else if (outcome) this.#note(file, outcome)
  }

  /** Nothing new is begun once the system is at fault or the history has grown long. */
  #mustDrain(): boolean {
    return this.#pausedBy !== undefined || workflowInfo().continueAsNewSuggested
  }

  #note(file: FileRef, outcome: Exclude<FileOutcome, { status: 'postponed' }>): void {
    const { indexed, failed, pending, files } = this.progress
    if (outcome.status === 'indexed') this.progress = { files, indexed: indexed + 1, failed, pending: pending - 1 }
    else {
      this.progress = { files, indexed, failed: failed + 1, pending: pending - 1 }
      if (this.#failures.length < FAILED_FILES_IN_SUMMARY)
        this.#failures.push({ fileId: file.fileId, name: file.name, ...outcome.failure })
    }
    this.#describe()
  }

  /** @returns whether the run is over: all files are in, or nobody asked for a retry in time */
  async #finishPass({ retryWindowMs }: RunSettings): Promise<boolean> {
    await this.#removalsDone()
    if (this.#requests.length > 0) return false
    this.summary = await bookkeeping.summarizePass({ expertId: this.#expertId })
    this.#countFrom(this.summary)
    const { status, totals } = this.summary
    const isAsked = () => this.#requests.length > 0 || this.#removals > 0
    if (totals.failed === 0) {
      this.#report(status, 'Ready')
      return !isAsked()
    }
    this.#report(status, `${totals.failed} of ${totals.files} files failed; waiting for a retry`)
    const asked = await condition(isAsked, retryWindowMs)
    if (asked) await bookkeeping.resumeExpert({ expertId: this.#expertId })
    return !asked
  }

  /** Said at once, though files that are in flight may take a while to end. */
  async #pause(failure: FileFailure): Promise<void> {
    if (this.#pausedBy) return
    this.#pausedBy = failure
    const reason = `${failure.code}: ${failure.message}`
    await bookkeeping.pauseExpert({ expertId: this.#expertId, reason })
    this.#report('paused', `Paused – ${reason} Send the signal retryFailedFiles to go on.`)
  }

  async #untilAskedToGoOn(): Promise<void> {
    await condition(() => this.#requests.some(({ kind }) => kind !== 'recount'))
    this.#pausedBy = undefined
    await bookkeeping.resumeExpert({ expertId: this.#expertId })
  }

  async #settleRequests(): Promise<void> {
    for (let request = this.#requests.shift(); request; request = this.#requests.shift()) {
      if (request.kind === 'add') await this.#attach(request)
      if (request.kind === 'retry') await this.#requeue(request)
    }
  }

  async #attach({ fileIds }: AddRequest): Promise<void> {
    // One of them may be on its way out: it comes in again once it is gone.
    await this.#removalsDone()
    this.#inFlight.putBack(fileIds)
    this.progress = await bookkeeping.attachFiles({ expertId: this.#expertId, fileIds })
  }

  async #requeue({ fileIds }: RetryRequest): Promise<void> {
    this.progress = await bookkeeping.requeueFiles({ expertId: this.#expertId, ...(fileIds && { fileIds }) })
    this.#failures = this.#failures.filter(({ fileId }) => fileIds && !fileIds.includes(fileId))
  }

  async #remove(wanted: readonly string[], requestId: string = uuid4()): Promise<void> {
    const fileIds = await bookkeeping.markRemoving({ expertId: this.#expertId, fileIds: wanted })
    if (fileIds.length === 0) return
    await this.#inFlight.takeOut(fileIds)
    try {
      await executeChild<RemoveFilesWorkflow>(REMOVE_FILES, {
        workflowId: removeFilesId(requestId),
        args: [{ expertId: this.#expertId, fileIds }],
        staticSummary: `Remove ${fileIds.length} files`,
        typedSearchAttributes: [{ key: EXPERT_ID, value: this.#expertId }],
        parentClosePolicy: 'ABANDON',
      })
    } catch (error) {
      // Somebody ended it by hand. The files stay marked, and the next run of this expert removes them.
      if (!(error instanceof ChildWorkflowFailure)) throw error
      log.warn('A removal did not end', { error: error.message })
    }
    this.progress = await bookkeeping.countFiles({ expertId: this.#expertId })
    this.#failures = this.#failures.filter(({ fileId }) => !fileIds.includes(fileId))
    this.#requests.push({ kind: 'recount' })
  }

  #removalsDone(): Promise<void> {
    return condition(() => this.#removals === 0)
  }

  async #continueAsNew(): Promise<never> {
    await this.#removalsDone()
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
    this.#headline = headline
    this.#describe()
  }

  #describe(): void {
    setCurrentDetails(renderReport({ headline: this.#headline, progress: this.progress, failures: this.#failures }))
  }
}

/** Signals may come from anybody's keyboard: what cannot be an id is left out, so that a slip does not end the run. */
function idsIn(fileIds: unknown): string[] {
  return [fileIds].flat().filter((id): id is string => typeof id === 'string' && FILE_ID.test(id))
}
