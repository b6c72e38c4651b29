import { condition, patched, proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { FileFailure } from '../domain/ports.ts'
import { BOOKKEEPING } from './activity-options.ts'
import { tellCallback } from './tell-callback.ts'

const { pauseExpert, resumeExpert } = proxyActivities<Activities>(BOOKKEEPING)

/** What waits so long at the most is waited for in the middle of a pass. */
const BRIEF_MS = 60_000

/** Whether a run waits for what its files cannot do without: until somebody has mended it, or until it is there by itself. */
export class Pause {
  readonly #expertId: string
  #isOn = false
  #lasts = false
  /** In milliseconds since 1970; undefined where only a signal ends it. */
  #goesOnAt: number | undefined

  constructor(expertId: string) {
    this.#expertId = expertId
  }

  get isOn(): boolean {
    return this.#isOn
  }

  /** Whether it is not over in a moment. False until that is known. */
  get lasts(): boolean {
    return this.#lasts
  }

  /** @param report is told what to say of it at once, though files that are in flight may take a while to end */
  async begin({ code, message }: FileFailure, report: (headline: string) => void): Promise<void> {
    this.#isOn = true
    const reason = `${code}: ${message}`
    // What older workers answered is nothing.
    const end = await pauseExpert({ expertId: this.#expertId, code, reason })
    this.#goesOnAt = end ? Date.now() + end.goesOnInMs : undefined
    const isBrief = (end?.goesOnInMs ?? Number.POSITIVE_INFINITY) <= BRIEF_MS
    this.#lasts = !(isBrief && patched('brief-pause'))
    // The reason of a pause that ends by itself says when.
    report(`Paused – ${reason}${end ? '' : ' Send the signal retryFailedFiles to go on.'}`)
    // A moment's pause, which may come again and again, is no news.
    if (!isBrief) await tellCallback(this.#expertId, 'paused')
  }

  /** Ends it once somebody asks for that, or its time has come. */
  async end(isAsked: () => boolean): Promise<void> {
    if (this.#goesOnAt === undefined) await condition(isAsked)
    else await condition(isAsked, Math.max(1, this.#goesOnAt - Date.now()))
    await resumeExpert({ expertId: this.#expertId })
    this.#isOn = false
    this.#lasts = false
  }
}
