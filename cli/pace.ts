import { bytes, seconds } from './output.ts'

/** How fast bytes come, and how long the rest will take. */
export class Pace {
  readonly #startedAt = performance.now()
  readonly #before: number

  /** `before`: bytes that were there already. */
  constructor(before = 0) {
    this.#before = before
  }

  /** ` · 3.1 MB/s · 6 s left`; in the first second there is none to speak of. */
  of(done: number, total: number): string {
    const elapsed = (performance.now() - this.#startedAt) / 1_000
    const rate = (done - this.#before) / elapsed
    const left = total - done
    return elapsed < 1 || left === 0 || rate <= 0 ? '' : ` · ${bytes(rate)}/s · ${seconds(left / rate)} left`
  }
}
