import type { EmbeddingsConfig } from '../config.ts'
import type { Embedders, EmbeddingProvider, ModelOfExpert, WantedModel } from '../domain/embedders.ts'
import { providerOf } from '../domain/embedders.ts'
import { Failure } from '../domain/failure.ts'
import type { Embedder } from '../domain/ports.ts'
import { HashingEmbedder } from './hashing-embedder.ts'
import { LocalModels } from './local-models.ts'
import { OpenAiEmbedder } from './openai-embedder.ts'

/** What a process puts around each embedder: limits, measures, traces. `isChosen`: it is that of new experts. */
export type WrapEmbedder = (embedder: Embedder, provider: EmbeddingProvider, isChosen: boolean) => Embedder

export type EmbeddersOptions = { readonly wrap?: WrapEmbedder | undefined }

type Model = { readonly model: string; readonly dimensions: number }

/** Finds the local models too: experts may have been made with them. @throws Error where one is chosen and cannot be opened */
export async function openEmbedders(
  config: EmbeddingsConfig,
  { wrap = (embedder) => embedder }: EmbeddersOptions = {},
): Promise<Embedders> {
  return new ConfiguredEmbedders(config, wrap, await LocalModels.open(config))
}

/** An embedder that can be made. */
type Offer = Model & { readonly provider: EmbeddingProvider; readonly make: () => Embedder }

/** Embedders of experts are made when they are asked for first, and kept. */
class ConfiguredEmbedders implements Embedders {
  readonly chosen: Embedder
  readonly provider: EmbeddingProvider
  readonly reason: string
  readonly #config: EmbeddingsConfig
  readonly #wrap: WrapEmbedder
  readonly #local: LocalModels
  readonly #kept = new Map<string, Embedder>()

  constructor(config: EmbeddingsConfig, wrap: WrapEmbedder, local: LocalModels) {
    this.provider = config.provider
    this.reason = config.reason
    this.#config = config
    this.#wrap = wrap
    this.#local = local
    const chosen = this.#find(config.provider, {})
    if (typeof chosen === 'string') throw mismatch(chosen)
    this.chosen = this.#keep(chosen, wrap(chosen.make(), chosen.provider, true))
  }

  of({ embeddingModel: model, embeddingDimensions: dimensions }: ModelOfExpert): Embedder {
    const found = this.#find(providerOf(model), { model, dimensions })
    if (typeof found === 'string')
      throw mismatch(`it was made with ${named({ model, dimensions })}, here ${named(this.chosen)} is chosen; ${found}`)
    return this.#kept.get(named(found)) ?? this.#keep(found, this.#make(found))
  }

  /** Whatever somebody asks an estimate for is not kept. */
  by(provider: EmbeddingProvider, wanted: WantedModel = {}): Embedder {
    const found = this.#find(provider, wanted)
    if (typeof found === 'string') throw mismatch(found)
    return this.#kept.get(named(found)) ?? this.#make(found)
  }

  async close(): Promise<void> {
    await this.#local.close()
  }

  /** @returns why it is not available, and what makes it so, where it is not */
  #find(provider: EmbeddingProvider, wanted: WantedModel): Offer | string {
    switch (provider) {
      case 'openai':
        return this.#openAi(wanted)
      case 'local':
        return this.#ofThisMachine(wanted)
      case 'hashing':
        return this.#hashing(wanted)
    }
  }

  #openAi(wanted: WantedModel): Offer | string {
    const { openai } = this.#config
    if (!openai) return 'OPENAI_API_KEY is not set'
    const { model = openai.model, dimensions = openai.dimensions } = wanted
    if (wanted.model && providerOf(model) !== 'openai') return `${model} is the name of a model of another kind`
    const options = { ...openai, model, dimensions, configuredModel: openai.model }
    return { model, dimensions, provider: 'openai', make: () => new OpenAiEmbedder(options) }
  }

  #ofThisMachine(wanted: WantedModel): Offer | string {
    const found = this.#local.find(wanted)
    if (typeof found === 'string') return found
    const { model, dimensions } = found
    return { model, dimensions, provider: 'local', make: () => found }
  }

  #hashing({ model, dimensions = this.#config.hashing.dimensions }: WantedModel): Offer | string {
    const made = new HashingEmbedder({ dimensions })
    if (model !== undefined && model !== made.model) return `this version makes ${made.model}`
    return { model: made.model, dimensions, provider: 'hashing', make: () => made }
  }

  #make({ make, provider }: Offer): Embedder {
    return this.#wrap(make(), provider, false)
  }

  #keep(model: Model, embedder: Embedder): Embedder {
    this.#kept.set(named(model), embedder)
    return embedder
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
