/** A value that is asked for at most once at a time, and not again while it is fresh. A failure is not kept. */
export class Cached<T> {
  readonly #load: () => Promise<T>
  readonly #freshMs: (tookMs: number) => number
  #value: Promise<T> | undefined
  #until = 0

  constructor(load: () => Promise<T>, freshMs: (tookMs: number) => number) {
    this.#load = load
    this.#freshMs = freshMs
  }

  get(): Promise<T> {
    if (this.#value && performance.now() < this.#until) return this.#value
    const start = performance.now()
    const value = this.#load()
    this.#value = value
    this.#until = Number.POSITIVE_INFINITY
    const settle = (freshMs: number) => {
      this.#until = performance.now() + freshMs
    }
    value.then(
      () => settle(this.#freshMs(performance.now() - start)),
      () => settle(0),
    )
    return value
  }
}
