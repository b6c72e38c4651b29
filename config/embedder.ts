import type { Reader } from './reader.ts'

export type EmbedderConfig =
  | { readonly kind: 'hashing'; readonly dimensions: number }
  | {
      readonly kind: 'openai'
      readonly apiKey: string
      readonly baseUrl: string | undefined
      readonly model: string
      readonly dimensions: number
      readonly timeoutMs?: number
      /** By one worker. */
      readonly requestsAtOnce?: number
      /** By all workers together; undefined where there is no limit. */
      readonly requestsPerMinute?: number | undefined
      readonly tokensPerMinute?: number | undefined
    }

export function embedder(from: Reader): EmbedderConfig {
  const apiKey = from.optional('OPENAI_API_KEY')
  const kind = from.oneOf('EMBEDDINGS', ['openai', 'hashing'], apiKey ? 'openai' : 'hashing')
  const dimensions = from.integer('EMBEDDING_DIMENSIONS', kind === 'openai' ? 1_536 : 1_024, { min: 8, max: 4_096 })
  if (kind === 'hashing') return { kind, dimensions }
  if (!apiKey) from.missing('OPENAI_API_KEY', 'sk-…')
  return {
    kind,
    apiKey: apiKey ?? '',
    baseUrl: from.url('OPENAI_BASE_URL'),
    model: from.text('EMBEDDING_MODEL', 'text-embedding-3-small'),
    dimensions,
    timeoutMs: from.duration('EMBEDDING_TIMEOUT', '60s'),
    requestsAtOnce: from.integer('EMBEDDING_REQUESTS_AT_ONCE', 1, { min: 1, max: 64 }),
    requestsPerMinute: from.limit('EMBEDDING_REQUESTS_PER_MINUTE'),
    tokensPerMinute: from.limit('EMBEDDING_TOKENS_PER_MINUTE'),
  }
}
