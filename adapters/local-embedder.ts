import { Failure } from '../domain/failure.ts'
import type { Embedder, EmbedOptions } from '../domain/ports.ts'
import { Slots } from './extraction/slots.ts'
import type { Embedded } from './local/embedding-task.ts'
import { inShortBatches } from './local/in-short-batches.ts'
import type { ModelFolder } from './local/model-folder.ts'
import { readModelFolder } from './local/model-folder.ts'
import { ModelThreads } from './local/model-threads.ts'
import type { ModelTokenizer } from './local/model-tokenizer.ts'
import { openTokenizer } from './local/model-tokenizer.ts'
import { whyNoModel, whyNoPackage } from './local/why-not-set-up.ts'

export type LocalOptions = {
  /** Where @huggingface/transformers is installed. */
  readonly packageDir: string
  /** So many texts are embedded at a time, by a core each. */
  readonly threads: number
}

const SET_UP = 'Run npm run setup:local.'

/** Embeddings by a model on this machine, in threads, so that the event loop stays free. */
export class LocalEmbedder implements Embedder {
  /** `<name of the folder>@<8 hexadecimal digits of what vectors depend on>` */
  readonly model: string
  readonly isSemantic = true
  readonly dimensions: number
  /** What one call holds takes seconds: that is what a worker that dies does again. */
  readonly limits: Embedder['limits']
  readonly countTokens: Embedder['countTokens']
  readonly folder: ModelFolder
  readonly #threads: ModelThreads
  readonly #slots: Slots
  readonly #closing = new AbortController()
  #calls = 0

  private constructor({ packageDir, threads }: LocalOptions, folder: ModelFolder, tokenizer: ModelTokenizer) {
    this.model = folder.name
    this.dimensions = folder.dimensions
    this.limits = { inputs: 128, tokensPerInput: folder.maxTokens - tokenizer.specialTokens, tokensPerCall: 30_000 }
    this.countTokens = tokenizer.countTokens
    this.folder = folder
    this.#threads = new ModelThreads({ packageDir, model: folder })
    this.#slots = new Slots(threads)
  }

  /**
   * `modelPath`: a folder with config.json, tokenizer.json, tokenizer_config.json, and onnx/model_quantized.onnx or onnx/model.onnx.
   * Resolves once the model is loaded. @throws Error that says what is wrong with the set-up, and what to do
   */
  static async open({ modelPath, ...options }: LocalOptions & { readonly modelPath: string }): Promise<LocalEmbedder> {
    const reason = whyNoPackage(options.packageDir) ?? whyNoModel(modelPath)
    if (reason) throw new Error(`A local model cannot be used: ${reason}. ${SET_UP}`)
    const embedder = LocalEmbedder.spare(await readModelFolder(modelPath), options)
    await embedder.#start()
    return embedder
  }

  /** Loads the model once it is asked for something: it may never be. @throws Error where its tokenizer cannot be read */
  static spare(folder: ModelFolder, options: LocalOptions): LocalEmbedder {
    return new LocalEmbedder(options, folder, openTokenizer(options.packageDir, folder.path))
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
      throw new Error(`The model in ${this.folder.path} cannot be loaded: ${message}. ${SET_UP}`, { cause })
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
    const own = tokens - (this.folder.maxTokens - this.limits.tokensPerInput)
    const detail = `a text has ${own} tokens, and ${this.model} takes ${this.limits.tokensPerInput}`
    return new Failure('EMBEDDING_REJECTED', { model: this.model }, { detail })
  }

  #unavailable(detail: string, cause?: unknown): Failure {
    return new Failure('EMBEDDING_UNAVAILABLE', { model: this.model }, { detail, cause })
  }
}
