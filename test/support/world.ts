import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { NativeConnection, Runtime } from '@temporalio/worker'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import { createActivities } from '../../activities/index.ts'
import { Staging } from '../../activities/staging.ts'
import { PublicCallbackAddresses } from '../../adapters/callback-addresses.ts'
import { DatabaseContentObjectStore } from '../../adapters/database-content-object-store.ts'
import { openEmbedders } from '../../adapters/embedders.ts'
import {
  createChatModel,
  createDirectUploads,
  createObjectStore,
  createVectorStore,
  inBulk,
  recipeOf,
} from '../../adapters/from-config.ts'
import { HttpWebhookSender } from '../../adapters/http-webhook-sender.ts'
import { createLogger, toTemporalLogger } from '../../adapters/pino-logger.ts'
import { PostgresApiKeyStore } from '../../adapters/postgres-api-key-store.ts'
import { PostgresBuildFiles } from '../../adapters/postgres-build-files.ts'
import { PostgresBuildStore } from '../../adapters/postgres-build-store.ts'
import { PostgresCallbackStore } from '../../adapters/postgres-callback-store.ts'
import { PostgresDatabaseContents } from '../../adapters/postgres-database-contents.ts'
import { PostgresDirectUploadStore } from '../../adapters/postgres-direct-upload-store.ts'
import { PostgresEstimateStore } from '../../adapters/postgres-estimate-store.ts'
import { PostgresExpertChanges } from '../../adapters/postgres-expert-changes.ts'
import { PostgresExpertStore } from '../../adapters/postgres-expert-store.ts'
import { PostgresFileStore } from '../../adapters/postgres-file-store.ts'
import { PostgresHousekeepingStore } from '../../adapters/postgres-housekeeping-store.ts'
import { PostgresIdempotencyStore } from '../../adapters/postgres-idempotency-store.ts'
import { PostgresInventoryStore } from '../../adapters/postgres-inventory-store.ts'
import { PostgresLeaseStore } from '../../adapters/postgres-lease-store.ts'
import { PostgresProgressStore } from '../../adapters/postgres-progress-store.ts'
import type { RateLimitOptions } from '../../adapters/postgres-rate-limit.ts'
import { PostgresRateLimit } from '../../adapters/postgres-rate-limit.ts'
import { PostgresReindexStore } from '../../adapters/postgres-reindex-store.ts'
import { PostgresRunStore } from '../../adapters/postgres-run-store.ts'
import { PostgresTokenBudget } from '../../adapters/postgres-token-budget.ts'
import { PostgresUsageStore } from '../../adapters/postgres-usage-store.ts'
import { hasIndexedFiles } from '../../adapters/postgres-vector-use.ts'
import { PostgresWebhookStore } from '../../adapters/postgres-webhook-store.ts'
import { ProcessTextExtractor } from '../../adapters/process-text-extractor.ts'
import { createApp } from '../../api/app.ts'
import { ExpertRuns } from '../../api/expert-runs.ts'
import type { MetricsOptions } from '../../api/metrics-routes.ts'
import type { ProtectionOptions } from '../../api/protection.ts'
import type { HealthCheck } from '../../api/readiness.ts'
import { backlogs } from '../../api/task-queues.ts'
import type {
  ChatConfig,
  EmbeddingsConfig,
  ObjectStoreConfig,
  OpenAiEmbeddingsConfig,
  VectorStoreConfig,
} from '../../config.ts'
import type { ChunkSizes } from '../../domain/chunking.ts'
import type { DirectUploadStore } from '../../domain/direct-upload.ts'
import type { Embedders } from '../../domain/embedders.ts'
import type { EstimateStore, ExpectedRecipe, Readers } from '../../domain/estimate.ts'
import type { Embedder, ExpertChanges, ObjectStore, VectorStore } from '../../domain/ports.ts'
import type { Quota } from '../../domain/quota.ts'
import type { ReindexStore } from '../../domain/reindex.ts'
import type { RequestTracing } from '../../domain/request-tracing.ts'
import type { ChatPrices, Prices, TokenBudget, UsageStore } from '../../domain/usage.ts'
import { createWorkers, runWorkers, shutdownWorkers } from '../../worker/create-workers.ts'
import { createDatabase, type TestDatabase } from './database.ts'
import { watchAnswers } from './declared-answers.ts'
import { extractionConfig } from './extraction-config.ts'
import { infrastructure } from './infrastructure.ts'
import { replayHistories } from './replay.ts'

/** One embedder, as most tests need it. */
export type EmbedderConfig =
  | { readonly kind: 'hashing'; readonly dimensions: number }
  | ({ readonly kind: 'openai' } & OpenAiEmbeddingsConfig)

export type WorldOptions = {
  readonly objects?: ObjectStoreConfig
  readonly vectors?: VectorStoreConfig
  readonly embedder?: EmbedderConfig
  /** Instead of the one, where several are to be there. */
  readonly embeddings?: EmbeddingsConfig
  readonly chunking?: typeof CHUNKING
  readonly chat?: ChatConfig
  readonly maxUploadBytes?: number
  readonly retryBudgetMs?: number
  readonly retryWindowMs?: number
  readonly rollbackWindowMs?: number
  readonly fileDeadlineMs?: number
  readonly housekeepingGraceMs?: number
  readonly concurrentActivities?: number
  readonly adminKey?: string
  readonly requestsPerMinute?: number
  readonly quota?: Quota
  readonly prices?: Prices
  readonly chatPrices?: ChatPrices
  /** What workers use, made of what they would use. */
  readonly budget?: (budget: TokenBudget) => TokenBudget
  readonly heartbeatMs?: number
  readonly idleTimeoutMs?: number
  readonly requestTimeoutMs?: number
  readonly bodyTimeoutMs?: number
  readonly checks?: readonly HealthCheck[]
  readonly tracing?: RequestTracing
  /** Beside the addresses of the internet. */
  readonly webhookAllowedHosts?: readonly string[]
  /** Temporal's runtime has that of the first world of a process. */
  readonly logger?: Logger
  /** Without workers: what the API does is looked at by itself. */
  readonly workers?: boolean
  readonly temporalAddress?: string
  /** Instead of a fresh one; it is closed with the world. */
  readonly database?: TestDatabase
}

export type World = {
  readonly app: FastifyInstance
  /** Where objects and vectors are by default. */
  readonly dir: string
  readonly client: Client
  readonly taskQueue: string
  readonly database: TestDatabase
  readonly changes: ExpertChanges
  readonly uploads: DirectUploadStore
  readonly objects: ObjectStore
  readonly vectors: VectorStore
  readonly embedders: Embedders
  /** The one that is chosen. */
  readonly embedder: Embedder
  readonly usage: UsageStore
  readonly prices: Prices
  readonly estimates: EstimateStore
  readonly readers: Readers
  readonly recipe: ExpectedRecipe
  readonly reindexes: ReindexStore
  readonly chunking: ChunkSizes
  readonly recipeFor: (embedder: Embedder, chunking: ChunkSizes) => ExpectedRecipe
  /** Stops everything, replays the history of every workflow that was started, and checks that the API answered as it says. */
  close(): Promise<void>
}

const LOG = createLogger({ level: 'error', format: 'json' }, 'test')
const CHUNKING = { maxTokens: 200, overlapTokens: 20 }
let runtimeInstalled = false

/** The whole product in this process, against the real servers: by default as `npm start` has it, with a database and a task queue of its own. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-world-'))
  const taskQueue = `test-${randomUUID()}`
  const database = options.database ?? (await createDatabase())
  const connection = Connection.lazy({ address: options.temporalAddress ?? infrastructure().temporalAddress })
  const client = new Client({ connection })
  const embeddings = options.embeddings ?? embeddingsOf(options.embedder)
  const embedders = await openEmbedders(embeddings)
  const embedder = embedders.chosen
  const contents = new PostgresDatabaseContents(database.pool)
  const objectsConfig: ObjectStoreConfig = options.objects ?? { kind: 'disk', dir: join(dir, 'objects') }
  const objects = new DatabaseContentObjectStore(createObjectStore(objectsConfig), contents)
  const vectors = createVectorStore(
    options.vectors ?? { kind: 'lancedb', dir: join(dir, 'vectors') },
    embedder,
    (dimensions) => hasIndexedFiles(database.pool, dimensions),
  )
  const terms = { quota: options.quota ?? {}, prices: options.prices ?? {} }
  const files = new PostgresFileStore(database.pool, terms.quota)
  const usage = new PostgresUsageStore(database.pool, { ...terms, chatPrices: options.chatPrices })
  const estimating = {
    usage,
    prices: terms.prices,
    estimates: new PostgresEstimateStore(database.pool),
    readers: { largestBytes: 100_000_000, readsPictures: false },
    recipe: recipeOf({ extraction: extractionConfig, chunking: options.chunking ?? CHUNKING }, embedder),
    reindexes: new PostgresReindexStore(database.pool),
    chunking: options.chunking ?? CHUNKING,
    recipeFor: (embedder: Embedder, chunking: ChunkSizes) =>
      recipeOf({ extraction: extractionConfig, chunking }, embedder),
  }
  const uploads = new PostgresDirectUploadStore(database.pool, terms.quota)
  const changes = new PostgresExpertChanges(database, () => undefined)
  const app = await createApp({
    ...estimating,
    files,
    idempotency: new PostgresIdempotencyStore(database.pool),
    experts: new PostgresExpertStore(database.pool),
    callbacks: new PostgresCallbackStore(database.pool),
    callbackAddresses: new PublicCallbackAddresses(options.webhookAllowedHosts),
    progress: new PostgresProgressStore(database.pool),
    changes,
    runs: new ExpertRuns({ client, namespace: 'default', taskQueue, uiUrl: 'http://127.0.0.1:8233' }),
    uploads,
    directUploads: createDirectUploads(objectsConfig),
    uploadLifetimeMs: 3_600_000,
    objects,
    embedders,
    vectors,
    ...(options.chat && {
      chat: { model: createChatModel(options.chat), contextTokens: options.chat.contextTokens },
    }),
    publicUrl: 'http://127.0.0.1:8000',
    maxUploadBytes: options.maxUploadBytes ?? 100_000_000,
    checks: options.checks ?? [],
    tracing: options.tracing,
    metrics: metricsOf({ database, client, taskQueue }),
    ...protection(database),
    ...(options.adminKey && { adminKey: options.adminKey }),
    ...(options.requestsPerMinute && { requestsPerMinute: options.requestsPerMinute }),
    ...(options.heartbeatMs && { heartbeatMs: options.heartbeatMs }),
    ...(options.idleTimeoutMs && { idleTimeoutMs: options.idleTimeoutMs }),
    ...(options.bodyTimeoutMs && { bodyTimeoutMs: options.bodyTimeoutMs }),
    ...(options.requestTimeoutMs && { requestTimeoutMs: options.requestTimeoutMs }),
    logger: options.logger ?? LOG,
  })
  const checkAnswers = watchAnswers(app)
  const stopWorkers =
    options.workers === false
      ? async () => undefined
      : await startWorkers({ dir, taskQueue, objects, vectors, embeddings, files, contents, database, options })

  const close = async () => {
    await app.close()
    await stopWorkers()
    if (options.workers !== false) await replayHistories(client, taskQueue)
    await Promise.all([vectors.close(), embedders.close(), connection.close(), changes.close()])
    await database.close()
    await rm(dir, { recursive: true, force: true })
    checkAnswers()
  }
  return {
    ...estimating,
    app,
    dir,
    client,
    taskQueue,
    database,
    changes,
    uploads,
    objects,
    vectors,
    embedders,
    embedder,
    close,
  }
}

const embeddingsOf = (one: EmbedderConfig = { kind: 'hashing', dimensions: 256 }): EmbeddingsConfig => ({
  provider: one.kind,
  reason: 'the test wants it',
  ...(one.kind === 'openai' && { openai: one }),
  hashing: one.kind === 'hashing' ? one : { dimensions: 256 },
})

/** An API that answers this machine, as often as it asks, until there is a key. */
export const protection = ({ pool }: TestDatabase): ProtectionOptions => ({
  keys: new PostgresApiKeyStore(pool),
  adminKey: undefined,
  ownHosts: ['localhost', '127.0.0.1'],
  requestsPerMinute: 1_000_000,
  corsOrigins: ['https://app.example.org'],
  trustProxy: false,
  requestTimeoutMs: 60_000,
})

/** A registry of its own for each API: a process has several here. */
export const metricsOf = ({
  database,
  client,
  taskQueue,
}: Pick<World, 'database' | 'client' | 'taskQueue'>): MetricsOptions => ({
  registry: new Registry(),
  inventory: new PostgresInventoryStore(database.pool),
  backlogs: () => backlogs({ connection: client.connection as Connection, namespace: 'default', taskQueue }),
})

type WorkerParts = Pick<World, 'taskQueue' | 'objects' | 'vectors' | 'database'> & {
  readonly embeddings: EmbeddingsConfig
  readonly dir: string
  readonly files: PostgresFileStore
  readonly contents: PostgresDatabaseContents
  readonly options: WorldOptions
}

async function startWorkers({
  dir,
  taskQueue,
  database,
  options,
  embeddings,
  ...ports
}: WorkerParts): Promise<() => Promise<void>> {
  if (!runtimeInstalled) Runtime.install({ logger: toTemporalLogger(options.logger ?? LOG), shutdownSignals: [] })
  runtimeInstalled = true
  const hostQueue = `${taskQueue}-host`
  const extractor = new ProcessTextExtractor(extractionConfig)
  const limit = (options: RateLimitOptions) => new PostgresRateLimit(database.pool, options)
  const embedders = await openEmbedders(embeddings, { wrap: inBulk(embeddings, { limit }) })
  const connection = await NativeConnection.connect({
    address: options.temporalAddress ?? infrastructure().temporalAddress,
  })
  const workers = await createWorkers({
    connection,
    namespace: 'default',
    taskQueue,
    hostQueue,
    activities: createActivities({
      ...ports,
      embedders,
      extractor,
      runs: new PostgresRunStore(database.pool),
      builds: new PostgresBuildStore(database.pool),
      buildFiles: new PostgresBuildFiles(database.pool),
      leases: new PostgresLeaseStore(database.pool),
      webhooks: new PostgresWebhookStore(database.pool),
      sender: new HttpWebhookSender(new PublicCallbackAddresses(options.webhookAllowedHosts)),
      budget: (options.budget ?? ((budget) => budget))(
        new PostgresTokenBudget(database.pool, { quota: options.quota ?? {}, prices: options.prices ?? {} }),
      ),
      housekeeping: new PostgresHousekeepingStore(database.pool),
      housekeepingGraceMs: options.housekeepingGraceMs ?? 3_600_000,
      staging: new Staging({ dir, hostQueue }),
      chunking: options.chunking ?? CHUNKING,
      settings: {
        retryBudgetMs: options.retryBudgetMs ?? 60_000,
        retryWindowMs: options.retryWindowMs ?? 3_600_000,
        rollbackWindowMs: options.rollbackWindowMs ?? 3_600_000,
        fileDeadlineMs: options.fileDeadlineMs ?? 3_600_000,
      },
    }),
    workflowBundle: { code: await readFile(infrastructure().bundlePath, 'utf8') },
    concurrency: options.concurrentActivities ?? 50,
    shutdownGraceMs: 5_000,
  })
  const running = runWorkers(workers)
  return async () => {
    shutdownWorkers(workers)
    await running
    await Promise.all([connection.close(), extractor.close(), embedders.close()])
  }
}
