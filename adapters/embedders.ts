import type { EmbeddingsConfig } from '../config.ts'
import type { Embedders, EmbeddingProvider, ModelOfExpert, WantedModel } from '../domain/embedders.ts'
import { providerOf } from '../domain/embedders.ts'
import { Failure } from '../domain/failure.ts'
import type { Embedder } from '../domain/ports.ts'
import { HashingEmbedder } from './hashing-embedder.ts'
import { LocalModels } from './local-models.ts'
import { OpenAiEmbedder } from './openai-embedder.ts'

/** What a process puts around each embedder: limits, measures, traces. */
export type WrapEmbedder = (embedder: Embedder, provider: EmbeddingProvider) => Embedder

export type EmbeddersOptions = { readonly wrap?: WrapEmbedder | undefined }

type Model = { readonly model: string; readonly dimensions: number }

/** Finds the local models too: experts may have been made with them. @throws Error where one is chosen and cannot be opened */
export async function openEmbedders(
  config: EmbeddingsConfig,
  { wrap = (embedder) => embedder }: EmbeddersOptions = {},
): Promise<Embedders> {
  return new ConfiguredEmbedders(config, wrap, await LocalModels.open(config))
}

/** An embedder, or why there is none. */
type Found = Embedder | string

/** Embedders are made when they are asked for first, and kept. */
class ConfiguredEmbedders implements Embedders {
  readonly chosen: Embedder
  readonly provider: EmbeddingProvider
  readonly reason: string
  readonly #config: EmbeddingsConfig
  readonly #wrap: WrapEmbedder
  readonly #local: LocalModels
  readonly #made = new Map<string, Embedder>()

  constructor(config: EmbeddingsConfig, wrap: WrapEmbedder, local: LocalModels) {
    this.provider = config.provider
    this.reason = config.reason
    this.#config = config
    this.#wrap = wrap
    this.#local = local
    this.chosen = this.by(config.provider)
  }

  of({ embeddingModel: model, embeddingDimensions: dimensions }: ModelOfExpert): Embedder {
    const found = this.#find(providerOf(model), { model, dimensions })
    if (typeof found !== 'string') return found
    throw mismatch(`it was made with ${named({ model, dimensions })}, here ${named(this.chosen)} is chosen; ${found}`)
  }

  by(provider: EmbeddingProvider, wanted: WantedModel = {}): Embedder {
    const found = this.#find(provider, wanted)
    if (typeof found !== 'string') return found
    throw mismatch(found)
  }

  async close(): Promise<void> {
    await this.#local.close()
  }

  /** @returns why it is not available, and what makes it so, where it is not */
  #find(provider: EmbeddingProvider, wanted: WantedModel): Found {
    switch (provider) {
      case 'openai':
        return this.#openAi(wanted)
      case 'local':
        return this.#ofThisMachine(wanted)
      case 'hashing':
        return this.#hashing(wanted)
    }
  }

  #openAi({ model, dimensions }: WantedModel): Found {
    const { openai } = this.#config
    if (!openai) return 'OPENAI_API_KEY is not set'
    if (model !== undefined && providerOf(model) !== 'openai') return `${model} is the name of a model of another kind`
    const options = { ...openai, model: model ?? openai.model, dimensions: dimensions ?? openai.dimensions }
    return this.#keep(options, 'openai', () => new OpenAiEmbedder(options))
  }

  #ofThisMachine(wanted: WantedModel): Found {
    const found = this.#local.find(wanted)
    return typeof found === 'string' ? found : this.#keep(found, 'local', () => found)
  }

  #hashing({ model, dimensions = this.#config.hashing.dimensions }: WantedModel): Found {
    const made = new HashingEmbedder({ dimensions })
    if (model !== undefined && model !== made.model) return `this version makes ${made.model}`
    return this.#keep(made, 'hashing', () => made)
  }

  #keep(model: Model, provider: EmbeddingProvider, make: () => Embedder): Embedder {
    const known = this.#made.get(named(model))
    if (known) return known
    const made = this.#wrap(make(), provider)
    this.#made.set(named(model), made)
    return made
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
