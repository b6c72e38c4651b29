import { CancellationScope, isCancellation } from '@temporalio/workflow'
import type { ReindexPause } from './reindex-pause.ts'
import { pauseAsked } from './reindex-pause.ts'
import type { ReindexRequest } from './reindex-requests.ts'
import { whyNot } from './reindex-requests.ts'
import type { ReindexStanding } from './reindex-standing.ts'

/** What was asked of a re-index, as far as it makes sense where that stands; the rest changes nothing, and is told. */
export class ReindexControls {
  readonly #standing: ReindexStanding
  /** Asked for while nobody knows where the re-index stands: before it is opened, and while it switches. */
  readonly #waiting: ReindexRequest[] = []
  #areHeld = true
  #work: CancellationScope | undefined
  #isStopped = false
  #isResumed = false
  #after: 'roll back' | 'finish' | undefined
  /** Until what has brought it about is seen to. */
  pause: ReindexPause | undefined

  constructor(standing: ReindexStanding) {
    this.#standing = standing
  }

  /** To end what is being built: cancelled, or, while it is rolled back, to be left as it is. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  get isResumed(): boolean {
    return this.#isResumed
  }

  /** What is to be done with the old generation after the switch. */
  get after(): 'roll back' | 'finish' | undefined {
    return this.#after
  }

  ask(request: ReindexRequest): void {
    if (this.#areHeld) this.#waiting.push(request)
    else this.#take(request)
  }

  hold(): void {
    this.#areHeld = true
  }

  release(): void {
    this.#areHeld = false
    for (const request of this.#waiting.splice(0)) this.#take(request)
  }

  stop(): void {
    this.#isStopped = true
    this.#work?.cancel()
  }

  goOn(): void {
    this.pause = undefined
    this.#isResumed = false
  }

  /** What a stop cancels, once it has ended. @returns false then */
  async untilStopped(work: () => Promise<boolean>): Promise<boolean> {
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

  #take(request: ReindexRequest): void {
    const isPaused = this.pause !== undefined || this.#standing.isPaused
    const note = whyNot(request, this.#standing.phase, isPaused) ?? null
    if (note === null) this.#act(request)
    this.#standing.answer(note)
  }

  #act(request: ReindexRequest): void {
    if (request === 'pause') this.pause ??= pauseAsked
    else if (request === 'resume') this.#isResumed = true
    else if (this.#standing.phase === 'switched') this.#after = request === 'roll back' ? 'roll back' : 'finish'
    else this.stop()
  }
}
