import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../domain/failure.ts'
import type { Embedder, EmbedOptions } from '../domain/ports.ts'
import { Slots } from './extraction/slots.ts'
import type { Embedded } from './local/embedding-task.ts'
import { inShortBatches } from './local/in-short-batches.ts'
import type { ModelFolder } from './local/model-folder.ts'
import { missingIn, readModelFolder } from './local/model-folder.ts'
import { ModelThreads } from './local/model-threads.ts'
import type { ModelTokenizer } from './local/model-tokenizer.ts'
import { openTokenizer } from './local/model-tokenizer.ts'
import { TRANSFORMERS } from './local/transformers.ts'

/** Where things are, as `setup local` left them. */
export type LocalSetup = {
  /** A folder with config.json, tokenizer.json, tokenizer_config.json, and onnx/model_quantized.onnx or onnx/model.onnx. */
  readonly modelPath: string
  /** Where @huggingface/transformers is installed. */
  readonly packageDir: string
}

export type LocalOptions = LocalSetup & {
  /** So many texts are embedded at a time, by a core each. */
  readonly threads: number
  /** Loads the model once it is asked for something: it may never be. */
  readonly isSpare?: boolean
}

const SET_UP = 'Run npm run setup:local.'

/** A sentence that says what is missing, or undefined where a local embedder can be opened. Only looks whether files are there. */
export function whyNotSetUp({ modelPath, packageDir }: LocalSetup): string | undefined {
  if (!existsSync(join(packageDir, 'node_modules', TRANSFORMERS, 'package.json')))
    return `${TRANSFORMERS} is not installed in ${packageDir}. ${SET_UP}`
  const missing = missingIn(modelPath)
  return missing && `There is no embedding model in ${modelPath}: it has no ${missing}. ${SET_UP}`
}

/** Embeddings by a model on this machine, in threads, so that the event loop stays free. */
export class LocalEmbedder implements Embedder {
  /** `<name of the folder>@<8 hexadecimal digits of what vectors depend on>` */
  readonly model: string
  readonly isSemantic = true
  readonly dimensions: number
  /** What one call holds takes seconds: that is what a worker that dies does again. */
  readonly limits: Embedder['limits']
  readonly countTokens: Embedder['countTokens']
  readonly #folder: ModelFolder
  readonly #threads: ModelThreads
  readonly #slots: Slots
  readonly #closing = new AbortController()
  #calls = 0

  private constructor({ packageDir, threads }: LocalOptions, folder: ModelFolder, tokenizer: ModelTokenizer) {
    this.model = folder.name
    this.dimensions = folder.dimensions
    this.limits = { inputs: 128, tokensPerInput: folder.maxTokens - tokenizer.specialTokens, tokensPerCall: 30_000 }
    this.countTokens = tokenizer.countTokens
    this.#folder = folder
    this.#threads = new ModelThreads({ packageDir, model: folder })
    this.#slots = new Slots(threads)
  }

  /** Resolves once the model is loaded, unless it is a spare one. @throws Error that says what is wrong with the set-up, and what to do */
  static async open(options: LocalOptions): Promise<LocalEmbedder> {
    const { modelPath, packageDir } = options
    const reason = whyNotSetUp(options)
    if (reason) throw new Error(reason)
    const folder = await readModelFolder(modelPath)
    const embedder = new LocalEmbedder(options, folder, await openTokenizer(packageDir, modelPath))
    if (!options.isSpare) await embedder.#start()
    return embedder
  }

  /** Texts of several calls take turns. A signal ends a call within the time that a batch takes. */
  async embed(texts: readonly string[], { signal }: EmbedOptions = {}): Promise<Float32Array[]> {
    const over = new AbortController()
    const signals = [over.signal, this.#closing.signal, ...(signal ? [signal] : [])]
    const turn = { signal: AbortSignal.any(signals), fairnessKey: String(this.#calls++) }
    try {
      const batches = inShortBatches(texts).map((batch) =>
        this.#slots.use(() => this.#embedBatch(batch, turn.signal), turn),
      )
      return (await Promise.all(batches)).flat()
    } catch (error) {
      // The other batches of this call are of no use any more.
      over.abort(error)
      throw error
    }
  }

  /** Ends all threads. What is being embedded fails with EMBEDDING_UNAVAILABLE. */
  async close(): Promise<void> {
    this.#closing.abort(this.#unavailable('it was closed'))
    await this.#threads.close()
  }

  /** The first thread shows whether the model can be used at all. */
  async #start(): Promise<void> {
    try {
      await this.#threads.start()
    } catch (cause) {
      await this.close()
      const { message } = cause as Error
      throw new Error(`The model in ${this.#folder.path} cannot be loaded: ${message}. ${SET_UP}`, { cause })
    }
  }

  async #embedBatch(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const answer = await this.#threads.embed(texts).catch((cause: unknown) => {
      signal.throwIfAborted()
      throw this.#unavailable('the thread that embedded it died', cause)
    })
    signal.throwIfAborted()
    return this.#toVectors(answer, texts.length)
  }

  #toVectors(answer: Embedded, count: number): Float32Array[] {
    if ('tooLong' in answer) throw this.#tooLong(answer.tooLong.tokens)
    if ('failed' in answer) throw this.#unavailable('the model failed', new Error(answer.failed))
    const { dimensions } = this
    return Array.from({ length: count }, (_, i) => answer.vectors.slice(i * dimensions, (i + 1) * dimensions))
  }

  /** `tokens`: with the special ones. */
  #tooLong(tokens: number): Failure {
    const own = tokens - (this.#folder.maxTokens - this.limits.tokensPerInput)
    const detail = `a text has ${own} tokens, and ${this.model} takes ${this.limits.tokensPerInput}`
    return new Failure('EMBEDDING_REJECTED', { model: this.model }, { detail })
  }

  #unavailable(detail: string, cause?: unknown): Failure {
    return new Failure('EMBEDDING_UNAVAILABLE', { model: this.model }, { detail, cause })
  }
}
