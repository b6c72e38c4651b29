import type { EmbeddingsConfig } from '../config.ts'
import type { Embedders, EmbeddingProvider, ModelOfExpert, WantedModel } from '../domain/embedders.ts'
import { providerOf } from '../domain/embedders.ts'
import { Failure } from '../domain/failure.ts'
import type { Embedder } from '../domain/ports.ts'
import { HashingEmbedder } from './hashing-embedder.ts'
import { LocalEmbedder } from './local-embedder.ts'
import { OpenAiEmbedder } from './openai-embedder.ts'

/** What a process puts around each embedder: limits, measures, traces. */
export type WrapEmbedder = (embedder: Embedder, provider: EmbeddingProvider) => Embedder

export type EmbeddersOptions = { readonly wrap?: WrapEmbedder | undefined }

type Model = { readonly model: string; readonly dimensions: number }

/** Opens the local model too, where it is set up: an expert may have been made with it. */
export async function openEmbedders(
  config: EmbeddingsConfig,
  { wrap = (embedder) => embedder }: EmbeddersOptions = {},
): Promise<Embedders> {
  return new ConfiguredEmbedders(config, wrap, config.local && (await LocalEmbedder.open(config.local)))
}

/** Embedders are made when they are asked for first, and kept. */
class ConfiguredEmbedders implements Embedders {
  readonly chosen: Embedder
  readonly provider: EmbeddingProvider
  readonly reason: string
  readonly #config: EmbeddingsConfig
  readonly #wrap: WrapEmbedder
  readonly #local: Embedder | undefined
  readonly #made = new Map<string, Embedder>()

  constructor(config: EmbeddingsConfig, wrap: WrapEmbedder, local: Embedder | undefined) {
    this.provider = config.provider
    this.reason = config.reason
    this.#config = config
    this.#wrap = wrap
    this.#local = local
    this.chosen = this.by(config.provider)
  }

  of({ embeddingModel: model, embeddingDimensions: dimensions }: ModelOfExpert): Embedder {
    const provider = providerOf(model)
    const why = this.#whyNot(provider, { model, dimensions })
    if (why === undefined) return this.#find(provider, { model, dimensions })
    throw mismatch(`it was made with ${named({ model, dimensions })}, here ${named(this.chosen)} is chosen; ${why}`)
  }

  by(provider: EmbeddingProvider, wanted: WantedModel = {}): Embedder {
    const why = this.#whyNot(provider, wanted)
    if (why !== undefined) throw mismatch(why)
    const { model, dimensions } = this.#configured(provider)
    return this.#find(provider, { model: wanted.model ?? model, dimensions: wanted.dimensions ?? dimensions })
  }

  async close(): Promise<void> {
    await this.#local?.close?.()
  }

  #find(provider: EmbeddingProvider, model: Model): Embedder {
    const known = this.#made.get(named(model))
    if (known) return known
    const made = this.#wrap(this.#make(provider, model), provider)
    this.#made.set(named(model), made)
    return made
  }

  #make(provider: EmbeddingProvider, { model, dimensions }: Model): Embedder {
    const { openai } = this.#config
    if (provider === 'openai' && openai) return new OpenAiEmbedder({ ...openai, model, dimensions })
    if (provider === 'local' && this.#local) return this.#local
    return new HashingEmbedder({ dimensions })
  }

  /** @returns what to do about it; undefined where it is there */
  #whyNot(provider: EmbeddingProvider, { model, dimensions }: WantedModel): string | undefined {
    if (provider === 'openai') return this.#config.openai ? undefined : 'OPENAI_API_KEY is not set'
    if (provider === 'local' && !this.#local)
      return `${this.#config.whyNotLocal ?? 'no local model is set up'}; npm run setup:local sets one up`
    const here = this.#configured(provider)
    const isHere =
      (model ?? here.model) === here.model &&
      (provider === 'hashing' || (dimensions ?? here.dimensions) === here.dimensions)
    return isHere ? undefined : `what is set up here is ${named(here)}`
  }

  #configured(provider: EmbeddingProvider): Model {
    const { openai, hashing } = this.#config
    if (provider === 'openai' && openai) return openai
    if (provider === 'local' && this.#local) return this.#local
    return new HashingEmbedder(hashing)
  }
}

/** For the log at the start. */
export const toldOf = ({ chosen: { model, dimensions }, provider, reason }: Embedders) => ({
  provider,
  model,
  dimensions,
  reason,
})

const named = ({ model, dimensions }: Model) => `${model} (${dimensions})`

const mismatch = (detail: string) => new Failure('EMBEDDING_MODEL_MISMATCH', {}, { detail })
