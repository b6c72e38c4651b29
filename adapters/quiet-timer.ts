const QUIET_MS = 1_000
/** Another process may be at the same, so that one of both is turned away. */
const TRIES = 5

/** Calls back for a namespace once it has been left alone for a moment: while files stream in an index would be made again and again. */
export class QuietTimer {
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #underWay = new Set<Promise<void>>()
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
      this.#timers.delete(namespace)
      this.#ring(namespace, () => {
        if (tries > 1 && !this.#timers.has(namespace)) this.touch(namespace, tries - 1, delay * 2)
      })
    }
    this.#timers.set(namespace, setTimeout(ring, delay).unref())
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
    const ringing = this.#onQuiet(namespace).then(() => undefined, onFailure)
    this.#underWay.add(ringing)
    ringing.finally(() => this.#underWay.delete(ringing))
  }
}
