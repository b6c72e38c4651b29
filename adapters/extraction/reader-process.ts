import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { addAbortListener } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ExtractionTask } from './extraction.ts'
import type { Answer, Message } from './process.ts'

const PROGRAM = fileURLToPath(import.meta.resolve('./process.ts'))

/** To read files, to have a thread, and to load the canvas that pdf.js wants. Not to write, and not to start programs. */
const ALLOWED = ['--permission', '--allow-fs-read=*', '--allow-worker', '--allow-addons']
export type ReadOptions = {
  /** Ends the process. */
  readonly signal: AbortSignal
  /** Called after each picture that is recognised, which takes seconds. */
  readonly onRecognized: () => void
}

/** A process that reads one file at a time. Files come from strangers: what one does to its process, no other notices. */
export class ReaderProcess {
  readonly #child: ChildProcess
  readonly #gone: Promise<void>
  /** Tells the read that goes on that no answer will come. */
  #onGone: (() => void) | undefined
  #isAlive = true
  #isReady = false
  #isFresh = true

  constructor({ memoryMb }: { memoryMb: number }) {
    this.#child = fork(PROGRAM, [String(memoryMb), String(process.pid)], {
      execArgv: [`--max-old-space-size=${memoryMb}`, '--expose-gc', ...ALLOWED],
      // The worker's variables hold keys.
      env: {},
      serialization: 'advanced',
      // An engine that dies of a file says so at length.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gone = promise
    for (const event of ['exit', 'error'])
      this.#child.on(event, () => {
        this.#isAlive = false
        this.#onGone?.()
        resolve()
      })
    this.#child.once('message', () => {
      this.#isReady = true
    })
    this.#letGo()
  }

  /** Our own process waits for an answer, or for the news that none will come. */
  #hold(): void {
    this.#child.ref()
    this.#child.channel?.ref()
  }

  /** It does not wait for a process that has nothing to do. */
  #letGo(): void {
    this.#child.unref()
    this.#child.channel?.unref()
  }

  /** Whether it has read nothing yet. */
  get isFresh(): boolean {
    return this.#isFresh
  }

  get isAlive(): boolean {
    return this.#isAlive && this.#child.connected
  }

  /**
   * @returns the answer, or undefined where the process died of the file. Rejects with the signal's reason, and ends the process
   * then; and where the process could not be started, which is not the file's fault.
   */
  async read(task: ExtractionTask, { signal, onRecognized }: ReadOptions): Promise<Answer | undefined> {
    const { promise: answer, resolve, reject } = Promise.withResolvers<Answer | undefined>()
    const onMessage = (message: Message) => {
      if (message === 'recognized') onRecognized()
      else if (message !== 'ready') resolve(message)
    }
    using _ = addAbortListener(signal, () => {
      void this.end()
      reject(signal.reason)
    })
    this.#hold()
    this.#isFresh = false
    // Not a race with `#gone`, which would keep something of each file for as long as the process lives.
    this.#onGone = () => resolve(undefined)
    if (!this.#isAlive) this.#onGone()
    this.#child.on('message', onMessage)
    try {
      this.#child.send(task)
      const first = await answer
      if (!first && !this.#isReady) throw new Error('A process to read files could not be started')
      return first
    } finally {
      this.#onGone = undefined
      this.#child.off('message', onMessage)
      this.#letGo()
    }
  }

  /** Resolves when the process is gone. */
  async end(): Promise<void> {
    this.#isAlive = false
    this.#child.ref()
    this.#child.kill('SIGKILL')
    await this.#gone
  }
}
