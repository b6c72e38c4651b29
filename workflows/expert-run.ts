import {
  condition,
  continueAsNew,
  patched,
  proxyActivities,
  setCurrentDetails,
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
import type { AddRequest, CreateExpertWorkflow, RemoveRequest, RetryRequest } from './contract.ts'
import { EXPERT_STATUS, FAILED_FILES } from './contract.ts'
import { FilesInFlight } from './files-in-flight.ts'
import { PagedQueue, runInLanes } from './lanes.ts'
import { Pause } from './pause.ts'
import type { FileOutcome } from './process-file.ts'
import { processFile } from './process-file.ts'
import type { ReportedFailure } from './progress-report.ts'
import { renderReport } from './progress-report.ts'
import { Removals } from './removals.ts'
import { idsIn, Requests } from './requests.ts'
import { tellCallback } from './tell-callback.ts'

const bookkeeping = proxyActivities<Activities>(BOOKKEEPING)
const { cancelUnfinished } = proxyActivities<Activities>(CLEANING)

/** Enough to keep several workers busy, few enough to leave room for other experts. */
const FILES_IN_FLIGHT = 50
const PAGE_SIZE = 200
/** Of an expert that is nearly done, or had few files from the start: they go before those of others. */
const FEW_FILES = 20
/** Before the position of every file. */
const FROM_THE_START = '0'

/** One run of `CreateExpert`: what it was asked for, how far it is, and what it shows of that. */
export class ExpertRun {
  readonly #expertId: string
  readonly #requests = new Requests()
  readonly #inFlight = new FilesInFlight()
  readonly #removals: Removals
  readonly #pause: Pause
  #headline = 'Processing'
  #failures: ReportedFailure[] = []
  /** Whether files are pending again that the pass has been past already. */
  #hasPutBack = false
  /** How many files are being processed, or have brought about the pause that is on. */
  #atWork = 0
  progress: Progress = { files: 0, indexed: 0, failed: 0, pending: 0 }
  summary: ExpertSummary | null = null

  constructor(expertId: string) {
    this.#expertId = expertId
    this.#removals = new Removals(expertId, this.#inFlight)
    this.#pause = new Pause(expertId)
  }

  /** Without `fileIds`: every file that failed or was cancelled. */
  retry({ fileIds }: RetryRequest): void {
    this.#requests.push(fileIds ? { kind: 'retry', fileIds: idsIn(fileIds) } : { kind: 'retry' })
  }

  add({ fileIds }: AddRequest): void {
    this.#requests.push({ kind: 'add', fileIds: idsIn(fileIds) })
  }

  /** Goes on beside the processing of other files. */
  remove(request: RemoveRequest): Promise<void> {
    return this.#removals.remove(request, async (removed) => {
      this.progress = await bookkeeping.countFiles({ expertId: this.#expertId })
      this.#failures = this.#failures.filter(({ fileId }) => !removed.includes(fileId))
      this.#requests.push({ kind: 'recount' })
    })
  }

  async toItsEnd(): Promise<ExpertSummary> {
    const settings = await bookkeeping.openRun({ expertId: this.#expertId })
    this.progress = settings.progress
    const leftBehind = this.#leftBehind(settings.removing)
    const removal = leftBehind.length > 0 ? this.remove({ fileIds: leftBehind }) : undefined
    for (;;) {
      await this.#settleRequests()
      this.#report('processing', 'Processing')
      await this.#processPendingFiles(settings)
      await removal
      if (this.#pause.isOn) await this.#endPause()
      else if (workflowInfo().continueAsNewSuggested) await this.#continueAsNew()
      else if (await this.#finishPass(settings)) return this.#finished()
    }
  }

  /** What was asked for before is done no more; but files that were added are in the expert then, as cancelled. */
  async cancel(): Promise<ExpertSummary> {
    this.#requests.takeAll('retry')
    for (const request of this.#requests.takeAll('add')) await this.#attach(request)
    do {
      await this.#removals.done()
      this.#requests.takeAll('recount')
      this.summary = await cancelUnfinished({ expertId: this.#expertId })
    } while (this.#removals.areUnderWay || this.#requests.has('recount'))
    this.#countFrom(this.summary)
    this.#report('cancelled', 'Cancelled')
    await tellCallback(this.#expertId, 'cancelled')
    // Asked for after the cancellation, while it went on: a new beginning, which this run is too late for.
    if (!this.#requests.isEmpty) await this.#continueAsNew()
    return this.summary
  }

  async #processPendingFiles(settings: RunSettings): Promise<void> {
    this.#hasPutBack = false
    const queue = new PagedQueue<FileRef>(this.#pagesOfPendingFiles())
    const next = async () => {
      if (this.#pause.isOn) await condition(() => !this.#pause.isOn || this.#mustDrain())
      return this.#mustDrain() ? undefined : queue.next()
    }
    await runInLanes(FILES_IN_FLIGHT, next, (file) => this.#process(file, settings))
  }

  async *#pagesOfPendingFiles(): AsyncGenerator<FileRef[], void> {
    for (let after = FROM_THE_START; ; ) {
      // What a retry puts back has its old place, which may be behind us.
      if (await this.#settleRequests()) after = FROM_THE_START
      if (this.#goesBack()) {
        after = FROM_THE_START
        this.#hasPutBack = false
      }
      const { files, last } = await bookkeeping.listPendingFiles({ expertId: this.#expertId, after, limit: PAGE_SIZE })
      if (files.length === 0 && !(await this.#untilPutBack())) return
      after = last
      yield files.filter(({ fileId }) => !this.#inFlight.has(fileId))
    }
  }

  #goesBack(): boolean {
    return this.#hasPutBack && !this.#pause.isOn
  }

  /** @returns whether there is more to come: files that a brief pause had put back. Those that are being processed may bring one about. */
  async #untilPutBack(): Promise<boolean> {
    const isOver = () => this.#mustDrain() || (this.#atWork === 0 && !this.#hasPutBack)
    await condition(() => isOver() || this.#goesBack())
    return !isOver()
  }

  async #process(file: FileRef, settings: RunSettings): Promise<void> {
    const isUrgent = this.progress.pending <= FEW_FILES
    this.#atWork += 1
    try {
      const outcome = await this.#inFlight.run(file.fileId, () => processFile(file, { ...settings, isUrgent }))
      if (outcome?.status === 'postponed') await this.#postpone(outcome.failure)
      else if (outcome) this.#note(file, outcome)
    } finally {
      this.#atWork -= 1
    }
  }

  async #postpone(failure: FileFailure): Promise<void> {
    this.#hasPutBack = true
    if (this.#pause.isOn) return
    await this.#pause.begin(failure, (headline) => this.#report('paused', headline))
    // Other files may take hours yet, which those that were put back do not wait for.
    if (this.#pause.lasts) return
    await this.#endPause()
    this.#report('processing', 'Processing')
  }

  #endPause(): Promise<void> {
    return this.#pause.end(() => this.#requests.has('retry', 'add'))
  }

  /** Nothing new is begun once the system is at fault for longer than a moment, or the history has grown long. */
  #mustDrain(): boolean {
    return this.#pause.lasts || workflowInfo().continueAsNewSuggested
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
    await this.#removals.done()
    if (!this.#requests.isEmpty) return false
    this.summary = await bookkeeping.summarizePass({ expertId: this.#expertId })
    this.#countFrom(this.summary)
    const { status, totals } = this.summary
    // Those that failed, and those that a cancellation left.
    const left = totals.files - totals.indexed
    this.#report(status, left === 0 ? 'Ready' : describeLeft(this.summary, left))
    await tellCallback(this.#expertId, status)
    const isAsked = () => !this.#requests.isEmpty || this.#removals.areUnderWay
    const asked = left === 0 ? isAsked() : await condition(isAsked, retryWindowMs)
    if (asked) await bookkeeping.resumeExpert({ expertId: this.#expertId })
    return !asked
  }

  /** @returns whether files were put back among those that are pending */
  async #settleRequests(): Promise<boolean> {
    let hasPutBack = false
    for (let request = this.#requests.take(); request; request = this.#requests.take()) {
      if (request.kind === 'add') await this.#attach(request)
      if (request.kind === 'retry') await this.#requeue(request)
      hasPutBack ||= request.kind !== 'recount'
    }
    return hasPutBack
  }

  async #attach({ fileIds }: AddRequest): Promise<void> {
    // One of them may be on its way out: it comes in again once it is gone.
    await this.#removals.done()
    this.#inFlight.putBack(fileIds)
    this.progress = await bookkeeping.attachFiles({ expertId: this.#expertId, fileIds })
  }

  async #requeue({ fileIds }: RetryRequest): Promise<void> {
    this.progress = await bookkeeping.requeueFiles({ expertId: this.#expertId, ...(fileIds && { fileIds }) })
    this.#failures = this.#failures.filter(({ fileId }) => fileIds && !fileIds.includes(fileId))
  }

  /** Of an earlier run: the signal that this one was started with may have marked some already. */
  #leftBehind(removing: readonly string[]): readonly string[] {
    const others = this.#removals.without(removing)
    return others.length < removing.length && patched('remove-once') ? others : removing
  }

  /** Signals that nobody has acted upon would be lost with this run, so it waits until there is none. */
  async #continueAsNew(): Promise<never> {
    while (this.#removals.areUnderWay || !this.#requests.isEmpty) {
      await this.#removals.done()
      await this.#settleRequests()
    }
    return continueAsNew<CreateExpertWorkflow>({ expertId: this.#expertId })
  }

  #finished(): ExpertSummary {
    if (!this.summary) throw new Error('a run cannot finish without a summary')
    return this.summary
  }

  #countFrom({ totals: { files, indexed, failed }, failed_files }: ExpertSummary): void {
    this.progress = { files, indexed, failed, pending: 0 }
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

function describeLeft({ totals: { files, failed } }: ExpertSummary, left: number): string {
  const cancelled = left - failed
  const what = [failed > 0 && `${failed} failed`, cancelled > 0 && `${cancelled} were cancelled`].filter(Boolean)
  return `Of ${files} files ${what.join(', ')}; waiting for a retry`
}
