/**
 * Writes one batch after the other: what is added while a batch is being written waits and goes into the next one together.
 * Each caller's promise settles with the batch that its items were in.
 */
export class Coalescer<T> {
  readonly #write: (items: readonly T[]) => Promise<void>
  #last: Promise<unknown> = Promise.resolve()
  #waiting: { items: T[]; written: Promise<void> } | undefined

  constructor(write: (items: readonly T[]) => Promise<void>) {
    this.#write = write
  }

  add(items: readonly T[]): Promise<void> {
    if (this.#waiting) this.#waiting.items.push(...items)
    else {
      const batch = [...items]
      const written = this.exclusively(() => {
        if (this.#waiting?.items === batch) this.#waiting = undefined
        return this.#write(batch)
      })
      this.#waiting = { items: batch, written }
    }
    return this.#waiting.written
  }

  /** Runs `work` when all that was added before is written, and before anything that is added later. */
  exclusively<R>(work: () => Promise<R>): Promise<R> {
    this.#waiting = undefined
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }
}
