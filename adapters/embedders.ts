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

/** Opens the local model too, where one is set up: an expert may have been made with it. @throws Error where it is chosen and cannot be opened */
export async function openEmbedders(
  config: EmbeddingsConfig,
  { wrap = (embedder) => embedder }: EmbeddersOptions = {},
): Promise<Embedders> {
  return new ConfiguredEmbedders(config, wrap, await openLocal(config))
}

/** An embedder, or why there is none. */
type Opened = Embedder | string

async function openLocal({
  provider,
  local,
  whyNotLocal = 'no local model is set up',
}: EmbeddingsConfig): Promise<Opened> {
  if (!local) return whyNotLocal
  try {
    return await LocalEmbedder.open({ ...local, isSpare: provider !== 'local' })
  } catch (error) {
    if (provider === 'local') throw error
    return error instanceof Error ? error.message : String(error)
  }
}

/** Embedders are made when they are asked for first, and kept. */
class ConfiguredEmbedders implements Embedders {
  readonly chosen: Embedder
  readonly provider: EmbeddingProvider
  readonly reason: string
  readonly #config: EmbeddingsConfig
  readonly #wrap: WrapEmbedder
  readonly #local: Opened
  readonly #made = new Map<string, Embedder>()

  constructor(config: EmbeddingsConfig, wrap: WrapEmbedder, local: Opened) {
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
    if (typeof this.#local !== 'string') await this.#local.close?.()
  }

  /** @returns why it is not available, and what makes it so, where it is not */
  #find(provider: EmbeddingProvider, wanted: WantedModel): Opened {
    switch (provider) {
      case 'openai':
        return this.#openAi(wanted)
      case 'local':
        return this.#ofThisMachine(wanted)
      case 'hashing':
        return this.#hashing(wanted)
    }
  }

  #openAi({ model, dimensions }: WantedModel): Opened {
    const { openai } = this.#config
    if (!openai) return 'OPENAI_API_KEY is not set'
    if (model !== undefined && providerOf(model) !== 'openai') return `${model} is the name of a model of another kind`
    const options = { ...openai, model: model ?? openai.model, dimensions: dimensions ?? openai.dimensions }
    return this.#keep(options, 'openai', () => new OpenAiEmbedder(options))
  }

  #ofThisMachine({ model, dimensions }: WantedModel): Opened {
    const local = this.#local
    if (typeof local === 'string') return `${local}; npm run setup:local sets one up`
    const isIt = (model ?? local.model) === local.model && (dimensions ?? local.dimensions) === local.dimensions
    if (isIt) return this.#keep(local, 'local', () => local)
    return `the local model that is set up is ${named(local)}, and EMBEDDING_MODEL_PATH chooses it`
  }

  #hashing({ model, dimensions = this.#config.hashing.dimensions }: WantedModel): Opened {
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
