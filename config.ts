/**
 * The only reader of the environment. Each process has a loader; a loader reports everything that is wrong at once.
 * `.env.example` documents every variable, and a test compares the two.
 */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { availableParallelism, homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { ClientConnectConfig } from '@temporalio/envconfig'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import ms from 'ms'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export type Environment = Readonly<Record<string, string | undefined>>

/** The process's own variables, and below them those of `.env`, where there is one. */
function environment(): Environment {
  try {
    process.loadEnvFile(join(import.meta.dirname, '.env'))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return process.env
}

/** Everything that is wrong with the environment, a line each. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    )
    this.faults = faults
  }
}

/** Reads variables and collects what is wrong with them. */
class Reader {
  readonly #env: Environment
  readonly faults: string[] = []

  constructor(env: Environment) {
    this.#env = env
  }

  /** An empty value counts as unset, as in `S3_ENDPOINT=` of a copied `.env.example`. */
  optional(name: string): string | undefined {
    return this.#env[name]?.trim() || undefined
  }

  text(name: string, fallback: string): string {
    return this.optional(name) ?? fallback
  }

  path(name: string, fallback: string): string {
    const path = this.text(name, fallback).replace(/^~(?=\/|$)/, homedir())
    return isAbsolute(path) ? path : resolve(import.meta.dirname, path)
  }

  oneOf<const T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.optional(name)
    if (value === undefined) return fallback
    const choice = choices.find((each) => each === value)
    if (!choice) this.#fault(name, value, `one of ${choices.join(', ')}`)
    return choice ?? fallback
  }

  integer(name: string, fallback: number, { min, max }: { min: number; max: number }): number {
    const value = this.optional(name)
    if (value === undefined) return fallback
    const number = Number(value)
    if (Number.isInteger(number) && number >= min && number <= max) return number
    this.#fault(name, value, `a whole number from ${min} to ${max}, such as ${fallback}`)
    return fallback
  }

  /** Unset: there is none. */
  limit(name: string, max = 1_000_000_000_000): number | undefined {
    if (this.optional(name) === undefined) return undefined
    return this.integer(name, 1_000_000, { min: 1, max })
  }

  port(name: string, fallback: number): number {
    return this.integer(name, fallback, { min: 1, max: 65_535 })
  }

  boolean(name: string, fallback: boolean): boolean {
    return this.oneOf(name, ['true', 'false'], fallback ? 'true' : 'false') === 'true'
  }

  /** In milliseconds, from `7d`, `90 minutes`, `10s`. */
  duration(name: string, fallback: ms.StringValue, min = 1): number {
    const value = this.optional(name)
    const duration = ms((value ?? fallback) as ms.StringValue)
    if (typeof duration === 'number' && duration >= min) return duration
    this.#fault(name, value ?? '', `a duration${min > 1 ? ` of at least ${ms(min)},` : ''} such as ${fallback}`)
    return ms(fallback)
  }

  /** `name=number`, separated by commas; over those of `defaults`. */
  numbers(name: string, defaults: Readonly<Record<string, number>>): Record<string, number> {
    const given = this.list(name).map((entry) => {
      const at = entry.lastIndexOf('=')
      const number = at > 0 && entry.length > at + 1 ? Number(entry.slice(at + 1)) : Number.NaN
      if (!(number >= 0 && number < 1_000_000)) this.#fault(name, entry, 'a name and a number, such as my-model=0.05')
      return [entry.slice(0, at), number] as const
    })
    return { ...defaults, ...Object.fromEntries(given) }
  }

  /** Its value is never repeated: people paste keys where addresses belong. */
  url(name: string, fallback?: string): string | undefined {
    const value = this.optional(name) ?? fallback
    if (value === undefined || URL.canParse(value)) return value?.replace(/\/+$/, '')
    this.faults.push(`${name} is not an address such as http://127.0.0.1:8000`)
    return fallback
  }

  /** Where the value must not be repeated, since it may hold a secret. */
  secretUrl(name: string, protocols: readonly string[], example: string): string | undefined {
    const value = this.optional(name)
    if (value === undefined) return undefined
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value
    this.faults.push(`${name} is not an address such as ${example}`)
    return undefined
  }

  /** Its value is never repeated. */
  secret(name: string, minLength: number): string | undefined {
    const value = this.optional(name)
    if (value !== undefined && value.length < minLength)
      this.faults.push(`${name} is shorter than ${minLength} characters`)
    return value
  }

  /** Separated by commas or spaces. */
  list(name: string): string[] {
    return this.text(name, '')
      .split(/[\s,]+/)
      .filter(Boolean)
  }

  /** Names, addresses, and ranges of addresses. */
  hosts(name: string): string[] {
    const hosts = this.list(name)
    for (const host of hosts)
      if (!isHost(host)) this.#fault(name, host, 'a list of hosts and ranges such as hooks.internal, 10.1.0.0/16')
    return hosts
  }

  /** From `name=value,other=value`, percent-encoded, as OpenTelemetry has it; never repeated, since one may be a key. */
  headers(name: string): Record<string, string> {
    const pairs = this.text(name, '').split(',').filter(Boolean)
    const headers = pairs.map((pair) => /^\s*(?<key>[\w-]+)=(?<value>[^=].*)$/.exec(pair)?.groups)
    try {
      return Object.fromEntries(headers.map((pair) => [pair?.key, decodeURIComponent(pair?.value?.trim() ?? '')]))
    } catch {
      return {}
    } finally {
      if (headers.includes(undefined)) this.faults.push(`${name} is not a list such as api-key=secret,tenant=one`)
    }
  }

  /** From 0 to 1. */
  share(name: string, fallback: number): number {
    const value = this.optional(name)
    const number = Number(value ?? fallback)
    if (number >= 0 && number <= 1) return number
    this.#fault(name, value ?? '', 'a number from 0 to 1, such as 0.1')
    return fallback
  }

  /** `host:port`, of this machine. */
  loopbackAddress(name: string, example: string): string | undefined {
    const value = this.optional(name)
    if (value === undefined) return undefined
    const { host = '', port } = /^(?<host>[^\s/]+):(?<port>\d{1,5})$/.exec(value)?.groups ?? {}
    if (isLoopback(host.replace(/^\[|\]$/g, '')) && Number(port) >= 1 && Number(port) <= 65_535)
      return value.replace(/^localhost:/, '127.0.0.1:')
    this.#fault(name, value, `an address of this machine, such as ${example}: nobody is asked there for a key`)
    return undefined
  }

  missing(name: string, example: string): void {
    this.faults.push(`${name} is not set; example: ${name}=${example}`)
  }

  /** Runs a loader and throws everything that it found wrong. */
  static load<T>(env: Environment, read: (from: Reader) => T): T {
    const reader = new Reader(env)
    const config = read(reader)
    if (reader.faults.length > 0) throw new ConfigurationError(reader.faults)
    return config
  }

  #fault(name: string, value: string, expected: string): void {
    this.faults.push(`${name}=${value.slice(0, 80)} is not ${expected}`)
  }
}

function isHost(host: string): boolean {
  const [address = '', bits, ...rest] = host.split('/')
  const version = isIP(address)
  if (bits === undefined) return version > 0 || /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?$/i.test(host)
  return rest.length === 0 && version > 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}

export type LogConfig = {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly format: 'pretty' | 'json'
  /** Values that no line may hold. */
  readonly secrets?: readonly string[]
}

const SECRETS = [
  ...['ADMIN_API_KEY', 'API_KEY', 'OPENAI_API_KEY', 'PINECONE_API_KEY', 'S3_SECRET_KEY', 'TEMPORAL_API_KEY'],
] as const

const logging = (from: Reader): LogConfig => ({
  level: from.oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
  format: from.oneOf('LOG_FORMAT', ['pretty', 'json'], process.stdout.isTTY ? 'pretty' : 'json'),
  secrets: [
    ...SECRETS.flatMap((name) => from.optional(name) ?? []),
    ...Object.values(from.headers('OTEL_EXPORTER_OTLP_HEADERS')),
  ],
})

export type DatabaseConfig = { readonly url: string; readonly connections: number }

function database(from: Reader): DatabaseConfig {
  const example = 'postgres://user:password@127.0.0.1:5432/expertsmith'
  const url = from.secretUrl('DATABASE_URL', ['postgres:', 'postgresql:'], example)
  if (!url && !from.optional('DATABASE_URL')) from.missing('DATABASE_URL', example)
  return { url: url ?? example, connections: from.integer('DATABASE_CONNECTIONS', 10, { min: 1, max: 1_000 }) }
}

type TemporalConfig = {
  readonly connect: ClientConnectConfig
  readonly namespace: string
  readonly taskQueue: string
  readonly uiUrl: string
}

const TEMPORAL_ADDRESS = '127.0.0.1:7233'
const TEMPORAL_VARIABLES = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_SERVER_NAME',
] as const

/** Address, API key and TLS are understood by Temporal's own reader, so its variables mean here what they mean everywhere. */
function temporal(from: Reader): TemporalConfig {
  const given = TEMPORAL_VARIABLES.flatMap((name) => {
    const value = from.optional(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  const connect = loadConnection(from, { TEMPORAL_ADDRESS, ...Object.fromEntries(given) })
  return {
    connect,
    namespace: connect.namespace ?? 'default',
    taskQueue: from.text('TEMPORAL_TASK_QUEUE', 'expertsmith'),
    uiUrl: from.url('TEMPORAL_UI_URL') ?? `http://127.0.0.1:${from.port('STACK_TEMPORAL_UI_PORT', 8233)}`,
  }
}

function loadConnection(from: Reader, overrideEnvVars: Record<string, string>): ClientConnectConfig {
  try {
    return loadClientConnectConfig({ overrideEnvVars, disableFile: true })
  } catch (error) {
    // Its message names a file that is missing, or what does not go together; never a secret.
    from.faults.push(`TEMPORAL_TLS… cannot be used: ${error instanceof Error ? error.message : error}`)
    return { connectionOptions: {} }
  }
}

export type S3Config = {
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretKey: string
  readonly region: string
  readonly endpoint: string | undefined
  /** How clients reach it, where they know it by another address. */
  readonly publicEndpoint?: string | undefined
  readonly forcePathStyle: boolean
}

export type ObjectStoreConfig =
  | { readonly kind: 'disk'; readonly dir: string }
  | ({ readonly kind: 's3' } & S3Config)
  /** S3 was asked for but lacks these variables: uploads are answered with a placeholder (the seed's fallback). */
  | { readonly kind: 'unconfigured'; readonly missing: readonly string[] }

const S3_REQUIRED = ['S3_BUCKET_NAME', 'S3_ACCESS_KEY_ID', 'S3_SECRET_KEY', 'S3_REGION'] as const

function objectStore(from: Reader, dataDir: string): ObjectStoreConfig {
  const given = S3_REQUIRED.filter((name) => from.optional(name))
  if (from.oneOf('OBJECT_STORE', ['disk', 's3'], given.length > 0 ? 's3' : 'disk') === 'disk')
    return { kind: 'disk', dir: from.path('OBJECT_DIR', join(dataDir, 'objects')) }
  const missing = S3_REQUIRED.filter((name) => !given.includes(name))
  if (missing.length > 0) return { kind: 'unconfigured', missing }
  const endpoint = from.url('S3_ENDPOINT')
  return {
    kind: 's3',
    bucket: from.text('S3_BUCKET_NAME', ''),
    accessKeyId: from.text('S3_ACCESS_KEY_ID', ''),
    secretKey: from.text('S3_SECRET_KEY', ''),
    region: from.text('S3_REGION', 'us-east-1'),
    endpoint,
    publicEndpoint: from.url('S3_PUBLIC_ENDPOINT'),
    forcePathStyle: from.boolean('S3_FORCE_PATH_STYLE', endpoint !== undefined),
  }
}

export type VectorStoreConfig =
  | { readonly kind: 'lancedb'; readonly dir: string }
  | {
      readonly kind: 'pinecone'
      readonly apiKey: string
      readonly index: string
      readonly cloud: string
      readonly region: string
      readonly controllerHost: string | undefined
    }

function vectorStore(from: Reader, dataDir: string): VectorStoreConfig {
  const apiKey = from.optional('PINECONE_API_KEY')
  if (from.oneOf('VECTOR_STORE', ['lancedb', 'pinecone'], apiKey ? 'pinecone' : 'lancedb') === 'lancedb')
    return { kind: 'lancedb', dir: from.path('LANCEDB_DIR', join(dataDir, 'vectors')) }
  if (!apiKey) from.missing('PINECONE_API_KEY', 'pcsk_…')
  return {
    kind: 'pinecone',
    apiKey: apiKey ?? '',
    index: from.text('PINECONE_INDEX', 'expertsmith'),
    cloud: from.text('PINECONE_CLOUD', 'aws'),
    region: from.text('PINECONE_REGION', 'us-east-1'),
    controllerHost: from.url('PINECONE_CONTROLLER_HOST'),
  }
}

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

function embedder(from: Reader): EmbedderConfig {
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

/** US dollars per million tokens, as OpenAI publishes them. */
const PRICES = {
  'text-embedding-3-small': 0.02,
  'text-embedding-3-large': 0.13,
  'text-embedding-ada-002': 0.1,
  'hashing-v1': 0,
}

/** Of each user; what is undefined has no limit. */
type QuotaConfig = {
  readonly files: number | undefined
  readonly bytes: number | undefined
  readonly tokensPerDay: number | undefined
}

const quota = (from: Reader): QuotaConfig => ({
  files: from.limit('QUOTA_FILES'),
  bytes: from.limit('QUOTA_BYTES', 1_000_000_000_000_000),
  tokensPerDay: from.limit('QUOTA_TOKENS_PER_DAY'),
})

const SAMPLERS = ['always_on', 'always_off', 'traceidratio'] as const
type Sampler = (typeof SAMPLERS)[number]

/** Where spans are sent: OTLP over HTTP. */
export type TracingConfig = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly sampler: Sampler | `parentbased_${Sampler}`
  /** Of traces, for `traceidratio`; from 0 to 1. */
  readonly ratio: number
  readonly batchDelayMs: number
}

/** OpenTelemetry's own variables. Undefined: nothing is traced, and nothing of it is loaded. */
function tracing(from: Reader, process: string): TracingConfig | undefined {
  const sampler = from.oneOf(
    'OTEL_TRACES_SAMPLER',
    SAMPLERS.flatMap((name) => [name, `parentbased_${name}`] as const),
    'parentbased_always_on',
  )
  const url = otlpUrl(from, 'traces')
  const settings = {
    headers: from.headers('OTEL_EXPORTER_OTLP_HEADERS'),
    serviceName: from.text('OTEL_SERVICE_NAME', `expertsmith-${process}`),
    ratio: from.share('OTEL_TRACES_SAMPLER_ARG', 1),
    batchDelayMs: from.integer('OTEL_BSP_SCHEDULE_DELAY', 5_000, { min: 10, max: 600_000 }),
  }
  return url === undefined ? undefined : { url, sampler, ...settings }
}

/** The address of the signal as it is, or the common one with its path. */
function otlpUrl(from: Reader, signal: 'traces' | 'metrics'): string | undefined {
  const common = from.url('OTEL_EXPORTER_OTLP_ENDPOINT')
  return from.url(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`) ?? (common && `${common}/v1/${signal}`)
}

/** A worker's metrics: asked for at an address of this machine, or sent to a collector. */
export type WorkerMetricsConfig =
  | { readonly kind: 'prometheus'; readonly address: string }
  | {
      readonly kind: 'otlp'
      readonly url: string
      readonly headers: Readonly<Record<string, string>>
      readonly everyMs: number
    }

function workerMetrics(from: Reader): WorkerMetricsConfig | undefined {
  const address = from.loopbackAddress('METRICS_ADDRESS', '127.0.0.1:9464')
  const url = otlpUrl(from, 'metrics')
  const everyMs = from.integer('OTEL_METRIC_EXPORT_INTERVAL', 60_000, { min: 100, max: 3_600_000 })
  if (address !== undefined) return { kind: 'prometheus', address }
  return url === undefined
    ? undefined
    : { kind: 'otlp', url, headers: from.headers('OTEL_EXPORTER_OTLP_HEADERS'), everyMs }
}

export type ChatConfig = {
  readonly apiKey: string
  readonly baseUrl: string | undefined
  readonly model: string
  /** The most that one question may send to the model, all in all. */
  readonly contextTokens: number
  /** The most that the model may write. */
  readonly maxTokens: number
  readonly timeoutMs: number
}

/** A key is sent to its own server only, so the two that chat may have come together. Undefined where there is no key. */
function chat(from: Reader): ChatConfig | undefined {
  const [ownKey, ownUrl] = [from.optional('CHAT_API_KEY'), from.url('CHAT_BASE_URL')]
  if (ownUrl && !ownKey) from.missing('CHAT_API_KEY', 'sk-…')
  const apiKey = ownKey ?? from.optional('OPENAI_API_KEY')
  const settings = {
    model: from.text('CHAT_MODEL', 'gpt-5.4-mini'),
    contextTokens: from.integer('CHAT_CONTEXT_TOKENS', 8_000, { min: 1_000, max: 1_000_000 }),
    maxTokens: from.integer('CHAT_MAX_TOKENS', 2_000, { min: 1, max: 1_000_000 }),
    timeoutMs: from.duration('CHAT_TIMEOUT', '2m'),
  }
  return apiKey ? { apiKey, baseUrl: ownKey ? ownUrl : from.url('OPENAI_BASE_URL'), ...settings } : undefined
}

type Shared = {
  readonly log: LogConfig
  readonly dataDir: string
  readonly database: DatabaseConfig
  readonly temporal: TemporalConfig
  readonly objects: ObjectStoreConfig
  readonly vectors: VectorStoreConfig
  readonly embedder: EmbedderConfig
  /** Names, addresses and ranges that webhooks may be sent to, though they are private. */
  readonly webhookAllowedHosts: readonly string[]
  /** US dollars per million tokens, by model. */
  readonly prices: Readonly<Record<string, number>>
  readonly quota: QuotaConfig
}

function shared(from: Reader): Shared {
  const dataDir = from.path('DATA_DIR', '.data')
  return {
    log: logging(from),
    dataDir,
    database: database(from),
    temporal: temporal(from),
    objects: objectStore(from, dataDir),
    vectors: vectorStore(from, dataDir),
    embedder: embedder(from),
    webhookAllowedHosts: from.hosts('WEBHOOK_ALLOWED_HOSTS'),
    prices: from.numbers('EMBEDDING_PRICES', PRICES),
    quota: quota(from),
  }
}

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
}

/** Shorter than what the bucket's rule leaves of unfinished uploads. */
const uploadLifetime = (from: Reader) => from.duration('UPLOAD_LIFETIME', '24h', HOUR_MS)

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127\./.test(host)

export const loadApiConfig = (env: Environment = environment()): ApiConfig =>
  Reader.load(env, (from) => {
    const host = from.text('HOST', '127.0.0.1')
    const port = from.port('PORT', 8000)
    const publicUrl = from.url('PUBLIC_URL') ?? `http://${isLoopback(host) ? host : '127.0.0.1'}:${port}`
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
    }
  })

export type OcrConfig = {
  /** In Tesseract's names, such as `eng`; the first weighs most. */
  readonly languages: readonly string[]
  /** Holds `<language>.traineddata` or `<language>.traineddata.gz`; where there is none, npm packages do. */
  readonly dataDir: string | undefined
}

/** What one file may take, and how many are read at a time. */
export type ExtractionConfig = {
  readonly processes: number
  readonly timeoutMs: number
  /** Beyond what the process takes by itself. */
  readonly memoryMb: number
  readonly maxPages: number
  /** In UTF-16 code units. */
  readonly maxCharacters: number
  /** Undefined where pictures are not recognised. */
  readonly ocr: OcrConfig | undefined
}

function extraction(from: Reader): ExtractionConfig {
  return {
    processes: from.integer('EXTRACTION_PROCESSES', availableParallelism(), { min: 1, max: 256 }),
    timeoutMs: from.duration('EXTRACTION_TIMEOUT', '2m'),
    memoryMb: from.integer('EXTRACTION_MEMORY_MB', 1_024, { min: 128, max: 65_536 }),
    maxPages: from.integer('EXTRACTION_MAX_PAGES', 20_000, { min: 1, max: 1_000_000 }),
    maxCharacters: from.integer('EXTRACTION_MAX_CHARACTERS', 100_000_000, { min: 1_000, max: 500_000_000 }),
    ocr: ocr(from),
  }
}

function ocr(from: Reader): OcrConfig | undefined {
  if (from.oneOf('OCR', ['on', 'off'], 'off') === 'off') return undefined
  const languages = [
    ...new Set(
      from
        .text('OCR_LANGUAGES', 'eng')
        .split(/[\s,+]+/)
        .filter(Boolean),
    ),
  ]
  return { languages, dataDir: from.optional('OCR_DATA_DIR') ? from.path('OCR_DATA_DIR', '') : undefined }
}

type ChunkingConfig = { readonly maxTokens: number; readonly overlapTokens: number }

type HousekeepingConfig = {
  /** Undefined where no schedule is wanted. */
  readonly everyMs: number | undefined
  /** How old a leftover must be before it is touched. */
  readonly graceMs: number
}

function housekeeping(from: Reader): HousekeepingConfig {
  const isOff = from.optional('HOUSEKEEPING_EVERY') === 'off'
  return {
    everyMs: isOff ? undefined : from.duration('HOUSEKEEPING_EVERY', '24h', MINUTE_MS),
    // An upload, or the run of a file, must be over by then.
    graceMs: from.duration('HOUSEKEEPING_GRACE', '24h', HOUR_MS),
  }
}

export type WorkerConfig = Shared & {
  readonly tracing: TracingConfig | undefined
  readonly metrics: WorkerMetricsConfig | undefined
  readonly scratchDir: string
  readonly extraction: ExtractionConfig
  readonly chunking: ChunkingConfig
  readonly retryBudgetMs: number
  readonly retryWindowMs: number
  readonly fileDeadlineMs: number
  readonly concurrentActivities: number
  readonly shutdownGraceMs: number
  /** Of Temporal's worker deployments; undefined where no build id is given. */
  readonly version: { readonly deploymentName: string; readonly buildId: string } | undefined
  readonly housekeeping: HousekeepingConfig
}

function version(from: Reader): WorkerConfig['version'] {
  const buildId = from.optional('WORKER_BUILD_ID')
  return buildId ? { deploymentName: from.text('WORKER_DEPLOYMENT', 'expertsmith'), buildId } : undefined
}

export const loadWorkerConfig = (env: Environment = environment()): WorkerConfig =>
  Reader.load(env, (from) => {
    const common = shared(from)
    return {
      ...common,
      tracing: tracing(from, 'worker'),
      metrics: workerMetrics(from),
      scratchDir: from.path('SCRATCH_DIR', join(common.dataDir, 'scratch')),
      extraction: extraction(from),
      chunking: {
        maxTokens: from.integer('CHUNK_TOKENS', 300, { min: 32, max: 8_192 }),
        overlapTokens: from.integer('CHUNK_OVERLAP_TOKENS', 60, { min: 0, max: 4_096 }),
      },
      retryBudgetMs: from.duration('RETRY_BUDGET', '30m'),
      retryWindowMs: from.duration('RETRY_WINDOW', '7d'),
      fileDeadlineMs: from.duration('FILE_DEADLINE', '24h'),
      concurrentActivities: from.integer('WORKER_CONCURRENCY', 50, { min: 1, max: 1_000 }),
      shutdownGraceMs: from.duration('SHUTDOWN_GRACE', '8s'),
      version: version(from),
      housekeeping: housekeeping(from),
    }
  })

export type CliConfig = Pick<Shared, 'temporal'>

/** The operator's commands start workflows, so all that they need to know is where Temporal is. */
export const loadCliConfig = (env: Environment = environment()): CliConfig =>
  Reader.load(env, (from) => ({ temporal: temporal(from) }))

export type BucketConfig = Pick<Shared, 'objects'> & Pick<ApiConfig, 'corsOrigins' | 'uploadLifetimeMs'>

/** For the operator's commands that see to the bucket. */
export const loadBucketConfig = (env: Environment = environment()): BucketConfig =>
  Reader.load(env, (from) => ({
    objects: objectStore(from, from.path('DATA_DIR', '.data')),
    corsOrigins: from.list('CORS_ORIGINS'),
    uploadLifetimeMs: uploadLifetime(from),
  }))

/** The operator's commands that work on the database themselves. */
export type OperatorConfig = Pick<Shared, 'temporal' | 'database'>

export const loadOperatorConfig = (env: Environment = environment()): OperatorConfig =>
  Reader.load(withOwnDatabase(env), (from) => ({ temporal: temporal(from), database: database(from) }))

/** The database of `npm start`, where no other is named: its password is kept beside its data. */
function withOwnDatabase(env: Environment): Environment {
  if (env.DATABASE_URL?.trim()) return env
  const from = new Reader(env)
  try {
    const password = readFileSync(join(from.path('DATA_DIR', '.data'), 'postgres/data.password'), 'utf8')
    const port = from.port('STACK_POSTGRES_PORT', 54_329)
    return { ...env, DATABASE_URL: `postgres://postgres:${password}@127.0.0.1:${port}/expertsmith` }
  } catch {
    return env
  }
}

export type ClientConfig = { readonly url: string; readonly apiKey: string | undefined }

/** For commands that speak to the API. */
export const loadClientConfig = (env: Environment = environment()): ClientConfig =>
  Reader.load(env, (from) => ({
    url: from.url('API_URL') ?? `http://127.0.0.1:${from.port('PORT', 8000)}`,
    apiKey: from.optional('API_KEY'),
  }))

/** All that the processes read. */
export type DoctorConfig = { readonly api: ApiConfig; readonly worker: WorkerConfig; readonly client: ClientConfig }

/** @throws ConfigurationError with the faults of all of them */
export function loadDoctorConfig(given: Environment = environment()): DoctorConfig {
  const env = withOwnDatabase(given)
  const faults = new Set<string>()
  const [api, worker, client] = [loadApiConfig, loadWorkerConfig, loadClientConfig].map((load) => {
    try {
      return load(env)
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      for (const fault of error.faults) faults.add(fault)
    }
    return undefined
  }) as [ApiConfig?, WorkerConfig?, ClientConfig?]
  if (!api || !worker || !client) throw new ConfigurationError([...faults])
  return { api, worker, client }
}

export type StackConfig = {
  readonly log: LogConfig
  readonly dataDir: string
  readonly api: { readonly host: string; readonly port: number; readonly url: string; readonly key: string | undefined }
  /** Where Temporal runs already, it is not started. */
  readonly temporalAddress: string | undefined
  readonly temporalCli: string | undefined
  readonly temporalPort: number
  readonly temporalUiPort: number
  /** Where a database is given, Postgres is not started. */
  readonly databaseUrl: string | undefined
  readonly postgresPort: number
  /** The worker's: shorter than elsewhere, since somebody at a terminal waits for the end. */
  readonly shutdownGraceMs: number
}

export const loadStackConfig = (env: Environment = environment()): StackConfig =>
  Reader.load(env, (from) => {
    const host = from.text('HOST', '127.0.0.1')
    const port = from.port('PORT', 8000)
    return {
      log: logging(from),
      dataDir: from.path('DATA_DIR', '.data'),
      api: {
        host,
        port,
        url: from.url('PUBLIC_URL') ?? `http://${isLoopback(host) ? host : '127.0.0.1'}:${port}`,
        key: from.optional('API_KEY') ?? from.optional('ADMIN_API_KEY'),
      },
      temporalAddress: from.optional('TEMPORAL_ADDRESS'),
      temporalCli: from.optional('TEMPORAL_CLI'),
      temporalPort: from.port('STACK_TEMPORAL_PORT', 7233),
      temporalUiPort: from.port('STACK_TEMPORAL_UI_PORT', 8233),
      databaseUrl: from.secretUrl(
        'DATABASE_URL',
        ['postgres:', 'postgresql:'],
        'postgres://user:password@host/database',
      ),
      postgresPort: from.port('STACK_POSTGRES_PORT', 54_329),
      shutdownGraceMs: from.duration('SHUTDOWN_GRACE', '5s'),
    }
  })
