import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  sleep,
  workflowInfo,
} from '@temporalio/workflow'
import type { FileRef } from '../activities/file-refs.ts'
import type { Activities } from '../activities/index.ts'
import type { ReindexSettings } from '../activities/reindex/open-build.ts'
import { isFailureCode } from '../domain/failure.ts'
import type { BuildRef, ReindexProgress, ReindexReceipt, ReindexStatus } from '../domain/reindex.ts'
import { BOOKKEEPING, CLEANING } from './activity-options.ts'
import type { ReindexExpertWorkflow, ReindexState } from './contract.ts'
import { PagedQueue, runInLanes } from './lanes.ts'
import { counted } from './markdown.ts'
import { processFile } from './process-file.ts'
import type { ShownFailure } from './reindex-report.ts'
import { renderReindex, renderReindexEnd } from './reindex-report.ts'
import type { ReindexPhase, ReindexRequest } from './reindex-requests.ts'
import { whyNot } from './reindex-requests.ts'
import type { Pause } from './verify-generation.ts'
import { verifyGeneration } from './verify-generation.ts'

const bookkeeping = proxyActivities<Activities>(BOOKKEEPING)
const { switchGeneration, cleanBuild } = proxyActivities<Activities>(CLEANING)

/** Fewer than of a new expert, which somebody waits for. */
const FILES_IN_FLIGHT = 20
const PAGE_SIZE = 200
const FROM_THE_START = '0'

/** One run of `ReindexExpert`: what it was asked for, how far it is, and what it shows of that. */
export class ReindexRun {
  readonly #build: BuildRef
  #settings: ReindexSettings | undefined
  #phase: ReindexPhase = 'building'
  #status: ReindexStatus = 'building'
  #progress: ReindexProgress = { files: 0, built: 0, failed: 0, pending: 0 }
  #failures: readonly ShownFailure[] = []
  #note: string | null = null
  /** Asked for while nobody knows where the re-index stands: before it is opened, and while it switches. */
  readonly #waiting: ReindexRequest[] = []
  #isSwitching = false
  #pause: Pause | undefined
  /** Why, as long as it is paused. */
  #pausedBy: string | null = null
  #isResumed = false
  /** To end what is being built: cancelled, or, while it is rolled back, to be left as it is. */
  #isStopped = false
  #after: 'roll back' | 'finish' | undefined
  #work: CancellationScope | undefined

  constructor(build: BuildRef) {
    this.#build = build
  }

  get state(): ReindexState {
    return { status: this.#status, reason: this.#pausedBy, note: this.#note, ...this.#progress }
  }

  /** One at the wrong moment changes nothing, and is told in the details. */
  ask(request: ReindexRequest): void {
    if (!this.#settings || this.#isSwitching) this.#waiting.push(request)
    else this.#take(request)
  }

  async toItsEnd(): Promise<ReindexReceipt> {
    const opened = await bookkeeping.openBuild(this.#build)
    this.#begin(opened)
    if (opened.status === 'cleaning') return this.#cleanUp()
    if (!opened.isSwitched && !(await this.#carry())) return this.#cleanUp()
    if (this.#phase === 'switched' && (await this.#afterSwitch()) === 'finish') return this.#cleanUp()
    this.#phase = 'rolling back'
    await this.#carry()
    return this.#cleanUp()
  }

  /** Ends it as things are, whoever has cancelled the workflow. */
  end(): Promise<ReindexReceipt> {
    return this.#cleanUp()
  }

  #begin(opened: ReindexSettings): void {
    this.#settings = opened
    this.#progress = opened.progress
    this.#status = opened.status
    if (opened.isSwitched) this.#phase = opened.status === 'switched' ? 'switched' : 'rolling back'
    if (opened.status === 'cleaning') this.#phase = 'cleaning'
    if (opened.status === 'paused') this.#pause = pauseOf(opened.statusReason ?? 'It was paused.')
    this.#takeWaiting()
    this.#describe()
  }

  #takeWaiting(): void {
    for (const request of this.#waiting.splice(0)) this.#take(request)
  }

  #take(request: ReindexRequest): void {
    const isPaused = this.#pause !== undefined || this.#pausedBy !== null
    this.#note = whyNot(request, this.#phase, isPaused) ?? null
    if (this.#note === null) this.#act(request)
    this.#describe()
  }

  #act(request: ReindexRequest): void {
    if (request === 'pause') this.#pause ??= { reason: 'It was asked to pause.' }
    else if (request === 'resume') this.#isResumed = true
    else if (this.#phase === 'switched') this.#after = request === 'roll back' ? 'roll back' : 'finish'
    else this.#stop()
  }

  #stop(): void {
    this.#isStopped = true
    this.#work?.cancel()
  }

  /** Builds and verifies the generation that does not serve, until it serves. @returns false where it was stopped before that */
  async #carry(): Promise<boolean> {
    const isForward = this.#phase === 'building'
    if (!this.#pause) await this.#setStatus(isForward ? 'building' : 'rolling_back')
    while (!this.#isStopped) {
      if (this.#pause) await this.#untilResumed(this.#pause)
      else if (workflowInfo().continueAsNewSuggested) await this.#continueAsNew()
      else if (await this.#inScope(() => this.#buildVerifyAndSwitch(isForward))) return true
    }
    return false
  }

  /** What a stop cancels, once it has ended. */
  async #inScope(work: () => Promise<boolean>): Promise<boolean> {
    this.#work = new CancellationScope()
    try {
      return await this.#work.run(work)
    } catch (error) {
      if (this.#isStopped && isCancellation(error)) return false
      throw error
    } finally {
      this.#work = undefined
    }
  }

  /** @returns whether the other generation serves; if not, it is to be tried again, or paused, or stopped */
  async #buildVerifyAndSwitch(isForward: boolean): Promise<boolean> {
    await this.#buildFiles()
    await this.#look()
    if (this.#mustWait()) return false
    if (this.#progress.failed > 0) this.#pause = { reason: describeFailed(this.#progress.failed) }
    if (this.#progress.failed > 0 || this.#progress.pending > 0) return false
    if (isForward) await this.#setStatus('verifying')
    if (!(await this.#verify(isForward)) || this.#mustWait()) return false
    const isSwitched = await this.#switch(isForward)
    if (!isSwitched && isForward) await this.#setStatus('building')
    return isSwitched
  }

  /** What is asked for meanwhile waits: it is too late for a stop, and too early for what comes after it. */
  async #switch(isForward: boolean): Promise<boolean> {
    const to = isForward ? this.#build.generation : this.#known().previous
    const summary = `generation ${to} serves`
    this.#isSwitching = true
    const { isSwitched } = await CancellationScope.nonCancellable(() =>
      switchGeneration.executeWithOptions({ summary }, [{ ...this.#build, to }]),
    )
    this.#isSwitching = false
    if (isSwitched) this.#phase = isForward ? 'switched' : 'cleaning'
    this.#takeWaiting()
    return isSwitched
  }

  async #buildFiles(): Promise<void> {
    const queue = new PagedQueue<FileRef>(this.#pagesOfFiles())
    const next = async () => (this.#mustWait() ? undefined : queue.next())
    await runInLanes(FILES_IN_FLIGHT, next, (file) => this.#process(file))
  }

  async *#pagesOfFiles(): AsyncGenerator<FileRef[], void> {
    for (let after = FROM_THE_START; ; ) {
      const page = { ...this.#build, after, limit: PAGE_SIZE }
      const { files, last } = await bookkeeping.listFilesToBuild(page)
      if (files.length === 0) return
      after = last
      yield files
    }
  }

  async #process(file: FileRef): Promise<void> {
    const { retryBudgetMs, fileDeadlineMs } = this.#known()
    const outcome = await processFile(file, { retryBudgetMs, fileDeadlineMs, isUrgent: false })
    if (outcome.status === 'postponed') {
      const { code, message } = outcome.failure
      this.#pause ??= { code, reason: `${code}: ${message}` }
      return
    }
    // One that was cancelled is not the expert's any more.
    const isFailed = outcome.status === 'failed' && outcome.failure.code !== 'CANCELLED'
    if (isFailed && outcome.status === 'failed')
      this.#failures = [...this.#failures, { name: file.name, ...outcome.failure }]
    const { files, built, failed, pending } = this.#progress
    const counts = { built: built + (outcome.status === 'indexed' ? 1 : 0), failed: failed + (isFailed ? 1 : 0) }
    this.#progress = { files, ...counts, pending: Math.max(0, pending - 1) }
    this.#describe()
  }

  /** Nothing new is begun. */
  #mustWait(): boolean {
    return this.#pause !== undefined || this.#isStopped || workflowInfo().continueAsNewSuggested
  }

  async #verify(exactly: boolean): Promise<boolean> {
    const verified = await verifyGeneration({
      build: this.#build,
      exactly,
      retryBudgetMs: this.#known().retryBudgetMs,
      buildFiles: () => this.#buildFiles(),
      mustWait: () => this.#mustWait(),
    })
    if (verified.pause) this.#pause ??= verified.pause
    return verified.isComplete
  }

  async #untilResumed({ code, reason }: Pause): Promise<void> {
    this.#pausedBy = reason
    this.#status = 'paused'
    await this.#look()
    const pause = await bookkeeping.pauseBuild({ ...this.#build, reason, ...(code && { code }) })
    const isOver = () => this.#isResumed || this.#isStopped
    if (pause) await condition(isOver, Math.max(1, pause.goesOnInMs))
    else await condition(isOver)
    this.#pause = undefined
    this.#pausedBy = null
    this.#isResumed = false
    if (this.#isStopped) return
    this.#status = this.#phase === 'building' ? 'building' : 'rolling_back'
    await bookkeeping.resumeBuild({ ...this.#build, status: this.#status })
    await this.#look()
  }

  /** @returns what is to be done with the old generation; that its time is over is to finish */
  async #afterSwitch(): Promise<'roll back' | 'finish'> {
    this.#status = 'switched'
    await this.#look()
    await condition(() => this.#after !== undefined, Math.max(1, this.#known().rollbackWindowMs))
    return this.#after ?? 'finish'
  }

  /** What serves now stays; the other generation goes. */
  async #cleanUp(): Promise<ReindexReceipt> {
    this.#phase = 'cleaning'
    await this.#setStatus('cleaning')
    const wait = await bookkeeping.searchesEndIn(this.#build)
    if (wait > 0) await sleep(wait)
    const { expertId, generation } = this.#build
    const cleaned = await cleanBuild.executeWithOptions({ summary: 'vectors that do not serve' }, [this.#build])
    const { from, to } = this.#settings ?? {}
    const model = (cleaned.outcome === 'done' ? to : from)?.model ?? ''
    const receipt = { expert_id: expertId, generation, files: this.#progress.files, embedding_model: model, ...cleaned }
    setCurrentDetails(renderReindexEnd(receipt))
    return receipt
  }

  async #setStatus(status: ReindexStatus): Promise<void> {
    this.#status = status
    this.#describe()
    await bookkeeping.setBuildStatus({ ...this.#build, status })
  }

  async #look(): Promise<void> {
    const { progress, failures } = await bookkeeping.lookAtBuild(this.#build)
    this.#progress = progress
    this.#failures = failures
    this.#describe()
  }

  #known(): ReindexSettings {
    if (!this.#settings) throw new Error('a re-index is processed before it is opened')
    return this.#settings
  }

  #continueAsNew(): Promise<never> {
    return continueAsNew<ReindexExpertWorkflow>(this.#build)
  }

  #describe(): void {
    if (!this.#settings) return
    const { from, to, estimate } = this.#settings
    setCurrentDetails(
      renderReindex({ ...this.state, from, to, estimate, failures: this.#failures, phase: this.#phase }),
    )
  }
}

/** Of a run that was started again: a reason that begins with a code is that of a failure. */
function pauseOf(reason: string): Pause {
  const code = /^([A-Z_]+): /.exec(reason)?.[1]
  return { reason, ...(code !== undefined && isFailureCode(code) && { code }) }
}

const describeFailed = (failed: number) =>
  `${counted(failed, 'file')} cannot be indexed anew. Resume it to try again, take these files out of the expert, or end it.`
