const STOP = 0
const BUSY = 1
/** Longer than any text takes, and than loading a model does. */
const LONGEST_WAIT_MS = 10_000

/**
 * What a thread and the one who started it both see. A thread that is ended, with its process or alone, while ONNX computes for
 * it takes the process down (SIGABRT): so it is asked to stop, and is waited for until it does not compute.
 */
export class ThreadState {
  readonly memory: SharedArrayBuffer
  readonly #flags: Int32Array

  constructor(memory = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#flags = new Int32Array(memory)
  }

  stop(): void {
    Atomics.store(this.#flags, STOP, 1)
  }

  /** Blocks; for the very end of a process only. */
  waitUntilIdle(): void {
    Atomics.wait(this.#flags, BUSY, 1, LONGEST_WAIT_MS)
  }

  /** Computes, unless the thread is to stop. @returns undefined where it is */
  async compute<T>(work: () => Promise<T>): Promise<T | undefined> {
    // In this order, so that whoever has said stop sees this, or is seen.
    Atomics.store(this.#flags, BUSY, 1)
    try {
      return Atomics.load(this.#flags, STOP) === 1 ? undefined : await work()
    } finally {
      Atomics.store(this.#flags, BUSY, 0)
      Atomics.notify(this.#flags, BUSY)
    }
  }
}
