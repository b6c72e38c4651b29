import type { Embedded, ThreadOptions } from './embedding-task.ts'
import { ModelThread } from './model-thread.ts'

/** Threads with the same model, started as they are needed, and kept. */
export class ModelThreads {
  readonly #options: ThreadOptions
  readonly #idle: ModelThread[] = []
  readonly #busy = new Set<ModelThread>()
  readonly #onExit = () => {
    for (const thread of this.#busy) thread.stopNow()
  }

  constructor(options: ThreadOptions) {
    this.#options = options
    process.on('exit', this.#onExit)
  }

  /** Starts one. @throws Error that says why the model cannot be loaded */
  start(): Promise<unknown> {
    return this.#use((thread) => thread.ready())
  }

  /** In a thread that has nothing to do, or else in a new one. @throws Error where it dies */
  embed(texts: readonly string[]): Promise<Embedded> {
    return this.#use((thread) => thread.embed(texts))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#busy, ...this.#idle.splice(0)].map((thread) => thread.end()))
    process.off('exit', this.#onExit)
  }

  async #use<T>(work: (thread: ModelThread) => Promise<T>): Promise<T> {
    const thread = this.#idleOrNew()
    this.#busy.add(thread)
    try {
      return await work(thread)
    } finally {
      this.#busy.delete(thread)
      if (thread.isAlive) this.#idle.push(thread)
    }
  }

  #idleOrNew(): ModelThread {
    const idle = this.#idle.pop()
    return idle?.isAlive ? idle : new ModelThread(this.#options)
  }
}
