import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Embedded, ThreadData, ThreadOptions } from './embedding-task.ts'
import { ThreadState } from './thread-state.ts'

const PROGRAM = new URL('./embedding-thread.ts', import.meta.url)

/** A thread with the model in it, which embeds a few texts at a time. It keeps our process alive only while it works. */
export class ModelThread {
  readonly #worker: Worker
  readonly #state = new ThreadState()
  readonly #ready: Promise<unknown>
  readonly #ended: Promise<void>
  #isAlive = true

  constructor(options: ThreadOptions) {
    this.#worker = new Worker(PROGRAM, { workerData: { ...options, state: this.#state.memory } satisfies ThreadData })
    // Whoever waits for an answer is told.
    this.#worker.on('error', () => undefined)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ended = promise
    this.#worker.on('exit', () => {
      this.#isAlive = false
      resolve()
    })
    this.#ready = this.#answer<unknown>()
    this.#ready.catch(() => undefined)
    this.#worker.unref()
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** Resolves once the model is loaded. @throws Error that says what it died of */
  ready(): Promise<unknown> {
    return this.#working(() => this.#ready)
  }

  /** One call at a time. @throws Error where the thread dies of it, or has died */
  embed(texts: readonly string[]): Promise<Embedded> {
    return this.#working(async () => {
      await this.#ready
      if (!this.#isAlive) throw gone()
      const answer = this.#answer<Embedded>()
      this.#worker.postMessage(texts)
      return answer
    })
  }

  /** Resolves when the thread is gone: the text that it works on is the last one. */
  end(): Promise<void> {
    this.#isAlive = false
    return this.#working(() => {
      this.#state.stop()
      this.#worker.postMessage(null)
      return this.#ended
    })
  }

  /** Before a process ends, which would end its threads too. Blocks for as long as a text takes. */
  stopNow(): void {
    this.#state.stop()
    this.#state.waitUntilIdle()
  }

  async #working<T>(work: () => Promise<T>): Promise<T> {
    this.#worker.ref()
    try {
      return await work()
    } finally {
      this.#worker.unref()
    }
  }

  /** The next message. Rejects with the error that the thread dies of, or where it ends without one. */
  async #answer<T>(): Promise<T> {
    const over = new AbortController()
    const end = once(this.#worker, 'exit', over).then(() => {
      throw gone()
    })
    try {
      const [message] = await Promise.race([once(this.#worker, 'message', over), end])
      return message as T
    } finally {
      over.abort()
    }
  }
}

const gone = () => new Error('The thread has ended')
