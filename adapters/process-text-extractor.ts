import ms from 'ms'
import type { ExtractionConfig } from '../config.ts'
import type { FailureCode } from '../domain/failure.ts'
import { Failure } from '../domain/failure.ts'
import type { ExtractedText, ExtractOptions, TextExtractor } from '../domain/ports.ts'
import type { ExtractionTask } from './extraction/extraction.ts'
import type { Answer } from './extraction/process.ts'
import type { ReadOptions } from './extraction/reader-process.ts'
import { ReaderProcess } from './extraction/reader-process.ts'
import { Slots } from './extraction/slots.ts'
import { extractionVersion } from './extraction/version.ts'

const IDLE_PROCESS_ENDS_AFTER_MS = 30_000

/**
 * Reads files in processes of their own, so that the event loop stays free and no file can hurt another, or the worker: one
 * that takes longer than `timeoutMs`, or more memory than `memoryMb`, ends with its process. Pictures that are recognised have
 * that time each.
 */
export class ProcessTextExtractor implements TextExtractor {
  readonly version: string
  readonly #config: ExtractionConfig
  readonly #slots: Slots
  readonly #closing = new AbortController()
  readonly #idle: { readonly reader: ReaderProcess; readonly timer: NodeJS.Timeout }[] = []
  readonly #busy = new Set<ReaderProcess>()

  /** @throws Error where OCR is on and the data of a language is missing */
  constructor(config: ExtractionConfig) {
    this.#config = config
    this.version = extractionVersion(config)
    this.#slots = new Slots(config.processes)
  }

  async extract(path: string, { signal, fairnessKey }: ExtractOptions = {}): Promise<ExtractedText> {
    const answer = await this.#slots.use(() => this.#read(path, signal), { signal, fairnessKey })
    if ('thrown' in answer) throw answer.thrown
    if ('code' in answer) throw failure(answer.code, answer)
    return answer
  }

  /** Ends all processes. What is still being read fails. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('The text extractor is closed'))
    const readers = [...this.#busy, ...this.#idle.map(({ reader }) => reader)]
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer)
    await Promise.all(readers.map((reader) => reader.end()))
  }

  async #read(path: string, signal: AbortSignal | undefined): Promise<Answer> {
    this.#closing.signal.throwIfAborted()
    const { timeoutMs, memoryMb, ocr } = this.#config
    const deadline = new Deadline(timeoutMs)
    const signals = [this.#closing.signal, deadline.signal, ...(signal ? [signal] : [])]
    const options = { signal: AbortSignal.any(signals), onRecognized: () => deadline.postpone() }
    try {
      const answer = await this.#attempt({ path, limits: this.#config, ocr }, options)
      return (
        answer ?? {
          code: 'EXTRACTION_CRASHED',
          detail: `the process that read it died; it may use ${memoryMb} MB of memory`,
        }
      )
    } catch (error) {
      if (error !== deadline.signal.reason) throw error
      return { code: 'EXTRACTION_TIMEOUT', detail: `the limit is ${ms(timeoutMs)}` }
    } finally {
      deadline.clear()
    }
  }

  /**
   * A file that dies in a process that has read others is read again in a fresh one: what they have left in its memory is
   * not its fault.
   */
  async #attempt(task: ExtractionTask, options: ReadOptions, reader = this.#idleOrNew()): Promise<Answer | undefined> {
    const { isFresh } = reader
    this.#busy.add(reader)
    try {
      const answer = await reader.read(task, options)
      if (answer || isFresh) return answer
    } finally {
      this.#giveBack(reader)
    }
    return this.#attempt(task, options, new ReaderProcess(this.#config))
  }

  #idleOrNew(): ReaderProcess {
    const idle = this.#idle.pop()
    clearTimeout(idle?.timer)
    return idle?.reader.isAlive ? idle.reader : new ReaderProcess(this.#config)
  }

  #giveBack(reader: ReaderProcess): void {
    this.#busy.delete(reader)
    if (!reader.isAlive || this.#closing.signal.aborted) return
    const timer = setTimeout(() => this.#endIdle(reader), IDLE_PROCESS_ENDS_AFTER_MS).unref()
    this.#idle.push({ reader, timer })
  }

  #endIdle(reader: ReaderProcess): void {
    const index = this.#idle.findIndex((idle) => idle.reader === reader)
    if (index >= 0) this.#idle.splice(index, 1)
    void reader.end()
  }
}

class Deadline {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => this.#controller.abort(new Error('too late')), milliseconds)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  postpone(): void {
    this.#timer.refresh()
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}

const failure = (code: FailureCode, { detail, cause }: { detail?: string | undefined; cause?: unknown }) =>
  new Failure(code, {}, { ...(detail ? { detail } : {}), ...(cause ? { cause } : {}) })
