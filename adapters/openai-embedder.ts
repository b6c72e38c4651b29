import OpenAI from 'openai'
import type { FailureCode } from '../domain/failure.ts'
import { Failure } from '../domain/failure.ts'
import type { CallOptions, Embedder, EmbedOptions } from '../domain/ports.ts'
import { refusalOf } from './openai-refusal.ts'
import { countTokens } from './tokenizer.ts'

export type OpenAiOptions = {
  readonly apiKey: string
  readonly baseUrl: string | undefined
  readonly dimensions: number
  /** How long one request may take. */
  readonly timeoutMs?: number
} & ModelNames

type ModelNames = {
  readonly model: string
  /** That of new experts, where it may be another one. */
  readonly configuredModel?: string
}

const TIMEOUT_MS = 60_000

/** Embeddings of OpenAI, or of any server that speaks its protocol (`baseUrl`). */
export class OpenAiEmbedder implements Embedder {
  readonly model: string
  readonly isSemantic = true
  readonly dimensions: number
  /** What the API takes at the most: inputs a request, tokens an input, tokens a request. */
  readonly limits = { inputs: 2_048, tokensPerInput: 8_191, tokensPerCall: 300_000 }
  readonly countTokens = countTokens
  readonly #client: OpenAI
  readonly #names: ModelNames

  constructor({ apiKey, baseUrl, dimensions, timeoutMs = TIMEOUT_MS, ...names }: OpenAiOptions) {
    this.model = names.model
    this.#names = names
    this.dimensions = dimensions
    // Temporal retries, with a back-off that can be seen and that heeds Retry-After.
    this.#client = new OpenAI({ apiKey, baseURL: baseUrl ?? null, maxRetries: 0, timeout: timeoutMs })
  }

  async embed(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const vectors: Float32Array[] = []
    for (const batch of this.#batches(texts, options.tokens)) vectors.push(...(await this.#embedBatch(batch, options)))
    return vectors
  }

  async #embedBatch(input: string[], { signal }: CallOptions): Promise<Float32Array[]> {
    const request = { model: this.model, input, ...this.#chosenDimensions() }
    const { data } = await this.#client.embeddings
      .create(request, { ...(signal && { signal }) })
      .catch((error: unknown) => {
        throw toFailure(error, this.#names, signal)
      })
    if (!Array.isArray(data) || data.length !== input.length)
      throw new Failure(
        'EMBEDDING_UNAVAILABLE',
        { model: this.model },
        { detail: `${data?.length ?? 'no'} vectors for ${input.length} texts` },
      )
    return [...data].sort((a, b) => a.index - b.index).map(({ embedding }) => this.#toVector(embedding))
  }

  /** Only OpenAI's third generation can shorten its vectors; other models, and other servers, refuse the parameter. */
  #chosenDimensions() {
    return this.model.startsWith('text-embedding-3-') ? { dimensions: this.dimensions } : {}
  }

  #toVector(embedding: number[]): Float32Array {
    const length = Array.isArray(embedding) ? lengthOf(embedding) : Number.NaN
    if (!Number.isFinite(length))
      throw new Failure(
        'EMBEDDING_UNAVAILABLE',
        { model: this.model },
        { detail: 'a vector holds what is not a number' },
      )
    if (embedding.length !== this.dimensions)
      throw new Failure(
        'DIMENSION_MISMATCH',
        { model: this.model },
        {
          detail: `${this.model} gives ${embedding.length} dimensions, EMBEDDING_DIMENSIONS says ${this.dimensions}`,
        },
      )
    const vector = new Float32Array(embedding)
    for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / (length || 1)
    return vector
  }

  *#batches(texts: readonly string[], counts?: readonly number[]): Generator<string[]> {
    let batch: string[] = []
    let tokens = 0
    for (const [i, text] of texts.entries()) {
      const size = counts?.[i] ?? this.countTokens(text)
      if (batch.length > 0 && (batch.length === this.limits.inputs || tokens + size > this.limits.tokensPerCall)) {
        yield batch
        batch = []
        tokens = 0
      }
      batch.push(text)
      tokens += size
    }
    if (batch.length > 0) yield batch
  }
}

/** The Euclidean length; NaN where something is not a number. A loop: `Math.hypot` takes ten times as long. */
function lengthOf(embedding: readonly unknown[]): number {
  let squares = 0
  for (const value of embedding) squares += typeof value === 'number' ? value * value : Number.NaN
  return Math.sqrt(squares)
}

/** What the service says may hold the text that it was sent, or part of the key, so it stays in the cause. */
function toFailure(cause: unknown, { model, configuredModel = model }: ModelNames, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason
  const { kind, status = 'unknown', retryAfterMs } = refusalOf(cause)
  const failure = (code: FailureCode, detail?: string) =>
    new Failure(code, { model }, { cause, retryAfterMs, ...(detail && { detail }) })
  switch (kind) {
    case 'unreachable':
      return failure('EMBEDDING_UNAVAILABLE', 'no connection, or no answer in time')
    case 'foreign':
      return failure('EMBEDDING_UNAVAILABLE', 'an answer that is not one of the API')
    case 'no_model':
      return model === configuredModel
        ? failure('EMBEDDING_AUTH', `the key, or the server, has no model ${model}; check EMBEDDING_MODEL`)
        : failure(
            'EMBEDDING_MODEL_MISMATCH',
            `the key, or the server, has no model ${model}; EMBEDDING_MODEL is ${configuredModel}`,
          )
    case 'auth':
      return failure('EMBEDDING_AUTH', `status ${status}`)
    case 'quota_exhausted':
      return failure('EMBEDDING_QUOTA_EXHAUSTED')
    case 'rate_limited':
      return failure('EMBEDDING_RATE_LIMITED')
    case 'rejected':
      return failure('EMBEDDING_REJECTED', `status ${status}`)
    case 'unavailable':
      return failure('EMBEDDING_UNAVAILABLE', `status ${status}`)
  }
}
