export type SlotOptions = {
  readonly signal?: AbortSignal | undefined
  /** Those who wait take turns by this key, so that one user's thousands do not hold up another's few. */
  readonly fairnessKey?: string | undefined
}

/** Lets so many callers work at a time: of each fairness key in turn one, of the same key in the order of their coming. */
export class Slots {
  #free: number
  /** In the order of their turns. */
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(size: number) {
    this.#free = size
  }

  /** Does the work once a slot is free. Rejects with the signal's reason if that is aborted before. */
  async use<T>(work: () => Promise<T>, { signal, fairnessKey = '' }: SlotOptions = {}): Promise<T> {
    signal?.throwIfAborted()
    if (this.#free > 0) this.#free--
    else await this.#wait(fairnessKey, signal)
    try {
      return await work()
    } finally {
      this.#pass()
    }
  }

  #wait(key: string, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const queue = this.#waiting.get(key) ?? []
    const leave = () => {
      queue.splice(queue.indexOf(enter), 1)
      reject(signal?.reason)
    }
    const enter = () => {
      signal?.removeEventListener('abort', leave)
      resolve()
    }
    queue.push(enter)
    this.#waiting.set(key, queue)
    signal?.addEventListener('abort', leave, { once: true })
    return promise
  }

  #pass(): void {
    const enter = this.#next()
    if (enter) enter()
    else this.#free++
  }

  #next(): (() => void) | undefined {
    for (const [key, queue] of this.#waiting) {
      this.#waiting.delete(key)
      const enter = queue.shift()
      if (queue.length > 0) this.#waiting.set(key, queue)
      if (enter) return enter
    }
    return undefined
  }
}
