const QUIET_MS = 1_000
/** Another process may be at the same, so that one of both is turned away. */
const TRIES = 5
/** It rests so many times as long as its work took, so that what is stored file by file is not spent on upkeep for the most part. */
const REST = 4

/**
 * Calls back for a namespace once it has been left alone for a moment, and has rested from the last time: while files stream in an index would
 * be made again and again.
 */
export class QuietTimer {
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #underWay = new Set<Promise<void>>()
  /** By `performance.now()`; of those whose work took long, and of those that are at work, whose end nobody knows. */
  readonly #restsUntil = new Map<string, number>()
  readonly #onQuiet: (namespace: string) => Promise<unknown>
  readonly #delay: number
  #isStopped = false

  constructor(onQuiet: (namespace: string) => Promise<unknown>, delay = QUIET_MS) {
    this.#onQuiet = onQuiet
    this.#delay = delay
  }

  /** `tries`: how often what fails is tried, ever later; until it is done all rows are found as before. */
  touch(namespace: string, tries = TRIES, delay = this.#delay): void {
    this.forget(namespace)
    if (this.#isStopped) return
    const ring = () => {
      if (this.#restOf(namespace) > 0) return this.touch(namespace, tries, delay)
      this.#timers.delete(namespace)
      this.#ring(namespace, () => {
        if (tries > 1 && !this.#timers.has(namespace)) this.touch(namespace, tries - 1, delay * 2)
      })
    }
    const rest = this.#restOf(namespace)
    this.#timers.set(namespace, setTimeout(ring, Number.isFinite(rest) ? Math.max(delay, rest) : delay).unref())
  }

  forget(namespace: string): void {
    clearTimeout(this.#timers.get(namespace))
    this.#timers.delete(namespace)
  }

  /** Forgets those whose moment had not come. @returns when what is under way has ended */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const namespace of this.#timers.keys()) this.forget(namespace)
    await Promise.all(this.#underWay)
  }

  /** As `stop`, but takes this for the moment of those whose moment had not come. */
  finish(): Promise<void> {
    for (const namespace of this.#timers.keys()) this.#ring(namespace)
    return this.stop()
  }

  #ring(namespace: string, onFailure: () => void = () => undefined): void {
    const begun = performance.now()
    this.#restsUntil.set(namespace, Number.POSITIVE_INFINITY)
    const ringing = this.#onQuiet(namespace)
      .finally(() => this.#rest(namespace, REST * (performance.now() - begun)))
      .then(() => undefined, onFailure)
    this.#underWay.add(ringing)
    ringing.finally(() => this.#underWay.delete(ringing))
  }

  /** Milliseconds; infinite where it is at work. */
  #restOf(namespace: string): number {
    return (this.#restsUntil.get(namespace) ?? 0) - performance.now()
  }

  #rest(namespace: string, ms: number): void {
    if (ms > this.#delay) this.#restsUntil.set(namespace, performance.now() + ms)
    else this.#restsUntil.delete(namespace)
  }
}
