import {
  CancellationScope,
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  sleep,
  workflowInfo,
} from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { BuildRef, ReindexReceipt } from '../domain/reindex.ts'
import { BOOKKEEPING, CLEANING } from './activity-options.ts'
import { buildFiles } from './build-files.ts'
import type { ReindexExpertInput, ReindexExpertWorkflow, ReindexState } from './contract.ts'
import type { Passes } from './passes.ts'
import { areInVain, countPass } from './passes.ts'
import type { FileOutcome } from './process-file.ts'
import { ReindexControls } from './reindex-controls.ts'
import type { ReindexPause } from './reindex-pause.ts'
import { pauseBy, pauseInVain, pauseOf, pauseOfFailed } from './reindex-pause.ts'
import { renderReindexEnd } from './reindex-report.ts'
import type { ReindexRequest } from './reindex-requests.ts'
import { ReindexStanding } from './reindex-standing.ts'
import { verifyGeneration } from './verify-generation.ts'

const bookkeeping = proxyActivities<Activities>(BOOKKEEPING)
const { switchGeneration, cleanBuild } = proxyActivities<Activities>(CLEANING)

/** One run of `ReindexExpert`: builds, verifies, switches, waits for a roll-back, cleans up. */
export class ReindexRun {
  readonly #build: BuildRef
  readonly #standing: ReindexStanding
  readonly #controls: ReindexControls
  #passes: Passes | undefined

  constructor({ passes, ...build }: ReindexExpertInput) {
    this.#build = build
    this.#passes = passes
    this.#standing = new ReindexStanding(build)
    this.#controls = new ReindexControls(this.#standing)
  }

  get state(): ReindexState {
    return this.#standing.state
  }

  ask(request: ReindexRequest): void {
    this.#controls.ask(request)
  }

  async toItsEnd(): Promise<ReindexReceipt> {
    const opened = await bookkeeping.openBuild(this.#build)
    // Started, or asked for something, in the moment in which it ended.
    if ('ended' in opened) return tellEnd(opened.ended)
    this.#standing.begin(opened)
    if (opened.status === 'paused') this.#controls.pause = pauseOf(opened.statusReason)
    this.#controls.release()
    if (opened.status === 'cleaning') return this.end()
    if (!opened.isSwitched && !(await this.#carry())) return this.end()
    if (this.#standing.phase === 'switched' && (await this.#afterSwitch()) === 'finish') return this.end()
    this.#standing.enter('rolling back')
    await this.#carry()
    return this.end()
  }

  /** As things are: what serves now stays, the other generation goes. */
  async end(): Promise<ReindexReceipt> {
    this.#standing.enter('cleaning')
    await this.#standing.set('cleaning')
    const wait = await bookkeeping.searchesEndIn(this.#build)
    if (wait > 0) await sleep(wait)
    const cleaned = await cleanBuild.executeWithOptions({ summary: 'vectors that do not serve' }, [this.#build])
    return tellEnd(this.#standing.receipt(cleaned))
  }

  /** Builds and verifies the generation that does not serve, until it serves. @returns false where it was stopped before that */
  async #carry(): Promise<boolean> {
    const controls = this.#controls
    if (!controls.pause) await this.#standing.set(this.#carrying)
    while (!controls.isStopped) {
      if (controls.pause) await this.#untilResumed(controls.pause)
      else if (workflowInfo().continueAsNewSuggested) await this.#continueAsNew()
      else if (await controls.untilStopped(() => this.#buildVerifyAndSwitch())) return true
    }
    return false
  }

  get #carrying() {
    return this.#standing.phase === 'building' ? 'building' : 'rolling_back'
  }

  /** @returns whether the other generation serves; if not, it is to be tried again, or paused, or stopped */
  async #buildVerifyAndSwitch(): Promise<boolean> {
    const isForward = this.#standing.phase === 'building'
    await this.#buildFiles()
    await this.#look()
    if (!this.#isBuilt() || this.#mustWait()) return false
    if (isForward) await this.#standing.set('verifying')
    if (!(await this.#verify(isForward)) || this.#mustWait()) return false
    const isSwitched = await this.#switch(isForward)
    if (!isSwitched && isForward) await this.#standing.set('building')
    return isSwitched
  }

  #buildFiles(): Promise<void> {
    return buildFiles({
      build: this.#build,
      limits: this.#standing.settings,
      mustWait: () => this.#mustWait(),
      note: ({ name }, outcome) => this.#note(name, outcome),
    })
  }

  #note(name: string, outcome: FileOutcome): void {
    if (outcome.status === 'postponed') this.#controls.pause ??= pauseBy(outcome.failure)
    else this.#standing.count(name, outcome)
  }

  /** Nothing new is begun. */
  #mustWait(): boolean {
    return this.#controls.pause !== undefined || this.#controls.isStopped || workflowInfo().continueAsNewSuggested
  }

  /** Whether all files are there; pauses where another pass would not help. */
  #isBuilt(): boolean {
    if (this.#controls.pause || this.#controls.isStopped) return false
    const { failed, pending } = this.#standing.progress
    this.#passes = countPass(this.#passes, this.#standing.progress)
    if (workflowInfo().continueAsNewSuggested) return false
    if (failed > 0) this.#controls.pause = pauseOfFailed(failed)
    else if (areInVain(this.#passes)) this.#controls.pause = pauseInVain(pending)
    return failed === 0 && pending === 0
  }

  async #verify(exactly: boolean): Promise<boolean> {
    const verified = await verifyGeneration({
      build: this.#build,
      exactly,
      retryBudgetMs: this.#standing.settings.retryBudgetMs,
      buildFiles: () => this.#buildFiles(),
      mustWait: () => this.#mustWait(),
    })
    if (verified.pause) this.#controls.pause ??= verified.pause
    return verified.isComplete
  }

  /** What is asked for meanwhile waits: it is too late for a stop, and too early for what comes after it. */
  async #switch(isForward: boolean): Promise<boolean> {
    const to = isForward ? this.#build.generation : this.#standing.settings.previous
    const summary = `generation ${to} serves`
    this.#controls.hold()
    const { isSwitched } = await CancellationScope.nonCancellable(() =>
      switchGeneration.executeWithOptions({ summary }, [{ ...this.#build, to }]),
    )
    if (isSwitched) this.#standing.enter(isForward ? 'switched' : 'cleaning')
    this.#controls.release()
    return isSwitched
  }

  async #untilResumed({ code, reason }: ReindexPause): Promise<void> {
    const controls = this.#controls
    this.#standing.show('paused', reason)
    await this.#look()
    const pause = await bookkeeping.pauseBuild({ ...this.#build, reason, ...(code && { code }) })
    const isOver = () => controls.isResumed || controls.isStopped
    if (pause) await condition(isOver, Math.max(1, pause.goesOnInMs))
    else await condition(isOver)
    controls.goOn()
    this.#passes = undefined
    this.#standing.show(this.#carrying)
    if (controls.isStopped) return
    await bookkeeping.resumeBuild({ ...this.#build, status: this.#carrying })
    await this.#look()
  }

  /** @returns what is to be done with the old generation; that its time is over is to finish */
  async #afterSwitch(): Promise<'roll back' | 'finish'> {
    this.#standing.show('switched')
    await this.#look()
    const { rollbackWindowMs } = this.#standing.settings
    const isOver = () => this.#controls.after !== undefined || this.#controls.isStopped
    await condition(isOver, Math.max(1, rollbackWindowMs))
    return this.#controls.after ?? 'finish'
  }

  async #look(): Promise<void> {
    if (await this.#standing.look()) this.#controls.stop()
  }

  #continueAsNew(): Promise<never> {
    return continueAsNew<ReindexExpertWorkflow>({ ...this.#build, ...(this.#passes && { passes: this.#passes }) })
  }
}

function tellEnd(receipt: ReindexReceipt): ReindexReceipt {
  setCurrentDetails(renderReindexEnd(receipt))
  return receipt
}
