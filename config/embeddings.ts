import { whyNoModel, whyNoPackage } from '../adapters/local/why-not-set-up.ts'
import { type LocalEmbeddingsConfig, localEmbeddings } from './local-embeddings.ts'
import type { Reader } from './reader.ts'

export type OpenAiEmbeddingsConfig = {
  readonly apiKey: string
  readonly baseUrl: string | undefined
  /** Of new experts. */
  readonly model: string
  readonly dimensions: number
  readonly timeoutMs?: number
  /** By one worker. */
  readonly requestsAtOnce?: number
  /** By all workers together, of each model; undefined where there is no limit. */
  readonly requestsPerMinute?: number | undefined
  readonly tokensPerMinute?: number | undefined
}

/** Which embeddings new experts get, and all that older ones may have been made with. */
export type EmbeddingsConfig = {
  readonly provider: 'openai' | 'local' | 'hashing'
  /** Why that one. */
  readonly reason: string
  /** Undefined where there is no key. */
  readonly openai?: OpenAiEmbeddingsConfig | undefined
  /** Undefined where it is not set up. */
  readonly local?: Pick<LocalEmbeddingsConfig, 'modelPath' | 'packageDir' | 'threads'> | undefined
  /** Where it is not set up. */
  readonly whyNotLocal?: string | undefined
  /** Where other local models may be. Undefined where there is nothing to run them. */
  readonly otherLocal?: Pick<LocalEmbeddingsConfig, 'modelsDir' | 'packageDir' | 'threads'> | undefined
  readonly hashing: { readonly dimensions: number }
}

type Choice = Pick<EmbeddingsConfig, 'provider' | 'reason'>

const PROVIDERS = ['openai', 'local', 'hashing'] as const
const OPENAI_DIMENSIONS = 1_536
const HASHING_DIMENSIONS = 1_024

export function embeddings(from: Reader): EmbeddingsConfig {
  const paths = localEmbeddings(from)
  const noPackage = whyNoPackage(paths.packageDir)
  const missing = noPackage ?? whyNoModel(paths.modelPath)
  const { provider, reason } = choose(from, missing)
  if (provider === 'local' && missing !== undefined)
    from.faults.push(`EMBEDDINGS=local, but ${missing}; run npm run setup:local, or choose openai or hashing`)
  return {
    provider,
    reason,
    openai: openai(from, provider),
    local: missing === undefined ? paths : undefined,
    whyNotLocal: missing,
    otherLocal: noPackage === undefined ? paths : undefined,
    hashing: { dimensions: dimensionsOf(from, provider === 'hashing', HASHING_DIMENSIONS) },
  }
}

function choose(from: Reader, missing: string | undefined): Choice {
  const hasKey = from.optional('OPENAI_API_KEY') !== undefined
  const best = hasKey ? 'openai' : missing === undefined ? 'local' : 'hashing'
  const provider = from.oneOf('EMBEDDINGS', PROVIDERS, best)
  const asked = from.text('EMBEDDINGS_REASON', `EMBEDDINGS=${provider}`)
  return { provider, reason: from.optional('EMBEDDINGS') ? asked : WHY[best] }
}

const WHY = {
  openai: 'EMBEDDINGS is not set, OPENAI_API_KEY is',
  local: 'neither EMBEDDINGS nor OPENAI_API_KEY is set, and a local model is set up',
  hashing: 'neither EMBEDDINGS nor OPENAI_API_KEY is set, and no local model is set up',
} as const

function openai(from: Reader, provider: Choice['provider']): OpenAiEmbeddingsConfig | undefined {
  const apiKey = from.optional('OPENAI_API_KEY')
  if (!apiKey && provider !== 'openai') return undefined
  if (!apiKey) from.missing('OPENAI_API_KEY', 'sk-…')
  return {
    apiKey: apiKey ?? '',
    baseUrl: from.url('OPENAI_BASE_URL'),
    model: from.text('EMBEDDING_MODEL', 'text-embedding-3-small'),
    dimensions: dimensionsOf(from, provider === 'openai', OPENAI_DIMENSIONS),
    timeoutMs: from.duration('EMBEDDING_TIMEOUT', '60s'),
    requestsAtOnce: from.integer('EMBEDDING_REQUESTS_AT_ONCE', 1, { min: 1, max: 64 }),
    requestsPerMinute: from.limit('EMBEDDING_REQUESTS_PER_MINUTE'),
    tokensPerMinute: from.limit('EMBEDDING_TOKENS_PER_MINUTE'),
  }
}

/** `EMBEDDING_DIMENSIONS` is of what is chosen: the others are what older experts were made with, by default. */
const dimensionsOf = (from: Reader, isChosen: boolean, byDefault: number) =>
  isChosen ? from.integer('EMBEDDING_DIMENSIONS', byDefault, { min: 8, max: 4_096 }) : byDefault
