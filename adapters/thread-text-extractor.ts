import { fileURLToPath } from 'node:url'
import ms from 'ms'
import { Piscina } from 'piscina'
import type { ExtractionConfig } from '../config.ts'
import type { FailureCode } from '../domain/failure.ts'
import { Failure } from '../domain/failure.ts'
import type { CallOptions, ExtractedText, TextExtractor } from '../domain/ports.ts'
import type { ExtractionTask } from './extraction/extraction.ts'
import { Slots } from './extraction/slots.ts'
import type { ThreadAnswer } from './extraction/thread.ts'
import { watchBuffers } from './extraction/watch-buffers.ts'

const MEGABYTE = 1_048_576
const IDLE_THREAD_ENDS_AFTER_MS = 10_000
const THREAD = fileURLToPath(import.meta.resolve('./extraction/thread.ts'))

/**
 * Reads files in threads of its own, so that the event loop stays free and no file can hurt another: one that takes
 * longer than `timeoutMs` (from when it gets a thread) ends with its thread, and so does one that needs more than `memoryMb`
 * for its objects, or as much for its buffers.
 */
export class ThreadTextExtractor implements TextExtractor {
  readonly version = 'pdf-parse-2.4.5-mammoth-1.13.0-1'
  readonly #config: ExtractionConfig
  readonly #pool: Piscina<ExtractionTask, ThreadAnswer>
  readonly #slots: Slots
  readonly #bufferWatch: Disposable
  #closed = false

  constructor(config: ExtractionConfig) {
    this.#config = config
    this.#pool = new Piscina<ExtractionTask, ThreadAnswer>({
      minThreads: 0,
      maxThreads: config.threads,
      idleTimeout: IDLE_THREAD_ENDS_AFTER_MS,
      resourceLimits: { maxOldGenerationSizeMb: config.memoryMb },
      // A thread that sleeps on an atomic answers no question about its memory.
      atomics: 'disabled',
      recordTiming: false,
    })
    // A thread that dies while idle costs no file. The next file gets a new one.
    this.#pool.on('error', () => {})
    // Files wait here, not in the pool: a file's time begins when it gets a thread, and a pool without a minimum of
    // threads starts no new one for its queue after a thread died.
    this.#slots = new Slots(config.threads)
    this.#bufferWatch = watchBuffers(() => this.#pool.threads, config.memoryMb * MEGABYTE)
  }

  async extract(path: string, { signal }: CallOptions = {}): Promise<ExtractedText> {
    const answer = await this.#slots.use(() => this.#run(path, signal), signal)
    if ('thrown' in answer) throw answer.thrown
    if ('code' in answer) throw failure(answer.code, answer)
    return answer
  }

  /** Ends all threads. What is still being read fails. */
  async close(): Promise<void> {
    this.#closed = true
    this.#bufferWatch[Symbol.dispose]()
    await this.#pool.destroy()
  }

  async #run(path: string, signal: AbortSignal | undefined): Promise<ThreadAnswer> {
    const { timeoutMs, memoryMb } = this.#config
    const deadline = AbortSignal.timeout(timeoutMs)
    // The other half is for what is made of the bytes.
    const task = { path, maxBytes: (memoryMb * MEGABYTE) / 2 }
    const stop = AbortSignal.any(signal ? [signal, deadline] : [deadline])
    try {
      return await this.#pool.run(task, { filename: THREAD, name: 'extract', signal: stop })
    } catch (cause) {
      signal?.throwIfAborted()
      if (this.#closed) throw new Error('The text extractor is closed', { cause })
      if (deadline.aborted) throw failure('EXTRACTION_TIMEOUT', { detail: `the limit is ${ms(timeoutMs)}` })
      throw failure('EXTRACTION_CRASHED', { detail: `it may use ${memoryMb} MB of memory`, cause })
    }
  }
}

const failure = (code: FailureCode, { detail, cause }: { detail?: string; cause?: unknown }) =>
  new Failure(code, {}, { ...(detail ? { detail } : {}), ...(cause ? { cause } : {}) })
