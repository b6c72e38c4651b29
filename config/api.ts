import { type ChatConfig, chat } from './chat.ts'
import { type ExtractionConfig, extraction } from './extraction.ts'
import { isLoopback } from './is-loopback.ts'
import { listening, ownUrl } from './own-url.ts'
import { chatPrices } from './prices.ts'
import type { Reader } from './reader.ts'
import { type Shared, shared } from './shared.ts'
import { type TracingConfig, tracing } from './tracing.ts'
import { uploadLifetime } from './upload-lifetime.ts'

export type ApiConfig = Shared & {
  readonly tracing: TracingConfig | undefined
  /** A key for whoever makes the others; undefined where none is configured. */
  readonly adminKey: string | undefined
  readonly requestsPerMinute: number
  readonly corsOrigins: readonly string[]
  readonly trustProxy: boolean
  readonly requestTimeoutMs: number
  /** Whether it listens to this machine only. */
  readonly isLocal: boolean
  /** The names by which this machine is called. */
  readonly ownHosts: readonly string[]
  readonly host: string
  readonly port: number
  /** How clients reach the API, without a slash at the end. */
  readonly publicUrl: string
  /** Below 2 GB, which the seed's `size integer` can hold. */
  readonly maxUploadBytes: number
  /** What workers can read, as far as their variables are set for the API too. */
  readonly extraction: Pick<ExtractionConfig, 'memoryMb' | 'ocr'>
  /** How long a client may take for a direct upload. */
  readonly uploadLifetimeMs: number
  readonly chat: ChatConfig | undefined
  /** US dollars per million tokens of what is read and of what is written, by model. */
  readonly chatPrices: Readonly<Record<string, { readonly prompt: number; readonly completion: number }>>
}

export function api(from: Reader): ApiConfig {
  const { host, port } = listening(from)
  const publicUrl = from.url('PUBLIC_URL') ?? ownUrl({ host, port })
  return {
    ...shared(from),
    tracing: tracing(from, 'api'),
    host,
    port,
    publicUrl,
    isLocal: isLoopback(host),
    ownHosts: ['localhost', '127.0.0.1', '[::1]', '::1', host, new URL(publicUrl).hostname],
    adminKey: from.secret('ADMIN_API_KEY', 32),
    requestsPerMinute: from.integer('RATE_LIMIT_PER_MINUTE', 6_000, { min: 1, max: 1_000_000 }),
    corsOrigins: from.list('CORS_ORIGINS'),
    trustProxy: from.boolean('TRUST_PROXY', false),
    requestTimeoutMs: from.duration('REQUEST_TIMEOUT', '30m'),
    maxUploadBytes: from.integer('MAX_UPLOAD_MB', 1_024, { min: 1, max: 2_047 }) * 1_048_576,
    extraction: extraction(from),
    uploadLifetimeMs: uploadLifetime(from),
    chat: chat(from),
    chatPrices: chatPrices(from),
  }
}
