import type { MetricMeter } from '@temporalio/common'
import { Failure } from '../domain/failure.ts'
import { isCancelled } from '../domain/is-cancelled.ts'
import type { Embedder, EmbedOptions } from '../domain/ports.ts'

/** Counts and times what is asked of an embedder. */
export class MeteredEmbedder implements Embedder {
  readonly model: string
  readonly dimensions: number
  readonly isSemantic: boolean
  readonly limits: Embedder['limits']
  readonly countTokens: Embedder['countTokens']
  readonly #embedder: Embedder
  readonly #requests
  readonly #duration

  constructor(embedder: Embedder, meter: MetricMeter) {
    this.model = embedder.model
    this.dimensions = embedder.dimensions
    this.isSemantic = embedder.isSemantic
    this.limits = embedder.limits
    this.countTokens = (text) => embedder.countTokens(text)
    this.#embedder = embedder
    this.#requests = meter.createCounter('expertsmith_embedding_requests', '', 'Requests for embeddings, by outcome')
    this.#duration = meter.createHistogram(
      'expertsmith_embedding_duration',
      'float',
      'seconds',
      'One request for embeddings',
    )
  }

  async embed(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]> {
    const start = performance.now()
    let outcome = 'ok'
    try {
      return await this.#embedder.embed(texts, options)
    } catch (error) {
      outcome = codeOf(error, options?.signal)
      throw error
    } finally {
      this.#requests.add(1, { outcome })
      this.#duration.record((performance.now() - start) / 1_000)
    }
  }
}

function codeOf(error: unknown, signal?: AbortSignal): string {
  if (error instanceof Failure) return error.code
  return isCancelled(error, signal) ? 'CANCELLED' : 'INTERNAL'
}
