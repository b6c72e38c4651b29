import { Client, Connection } from '@temporalio/client'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { PublicCallbackAddresses } from '../adapters/callback-addresses.ts'
import { DatabaseContentObjectStore } from '../adapters/database-content-object-store.ts'
import { openEmbedders, toldOf } from '../adapters/embedders.ts'
import {
  cautions,
  createChatModel,
  createDirectUploads,
  createObjectStore,
  createVectorStore,
  readersOf,
  recipeOf,
} from '../adapters/from-config.ts'
import type { Tracing } from '../adapters/opentelemetry/tracing.ts'
import { createLogger } from '../adapters/pino-logger.ts'
import { PostgresApiKeyStore } from '../adapters/postgres-api-key-store.ts'
import { PostgresCallbackStore } from '../adapters/postgres-callback-store.ts'
import { checkDatabase, migrate, openDatabase } from '../adapters/postgres-database.ts'
import { PostgresDatabaseContents } from '../adapters/postgres-database-contents.ts'
import { PostgresDirectUploadStore } from '../adapters/postgres-direct-upload-store.ts'
import { PostgresEstimateStore } from '../adapters/postgres-estimate-store.ts'
import { PostgresExpertChanges } from '../adapters/postgres-expert-changes.ts'
import { PostgresExpertStore } from '../adapters/postgres-expert-store.ts'
import { PostgresFileStore } from '../adapters/postgres-file-store.ts'
import { PostgresIdempotencyStore } from '../adapters/postgres-idempotency-store.ts'
import { PostgresInventoryStore } from '../adapters/postgres-inventory-store.ts'
import { PostgresProgressStore } from '../adapters/postgres-progress-store.ts'
import { PostgresReindexStore } from '../adapters/postgres-reindex-store.ts'
import { PostgresUsageStore } from '../adapters/postgres-usage-store.ts'
import { hasIndexedFiles } from '../adapters/postgres-vector-use.ts'
import { closeOnSignal } from '../adapters/process-signals.ts'
import { watchedChatModel } from '../adapters/watched-chat-model.ts'
import { watchingChosen } from '../adapters/watched-embedder.ts'
import type { ApiConfig } from '../config.ts'
import { ConfigurationError, loadApiConfig } from '../config.ts'
import { LastCall } from '../domain/last-call.ts'
import { createApp } from './app.ts'
import { ExpertRuns } from './expert-runs.ts'
import { healthChecks } from './health-checks.ts'
import { backlogs } from './task-queues.ts'

const config = loadApiConfig()
const tracing = config.tracing && new (await import('../adapters/opentelemetry/tracing.ts')).Tracing(config.tracing)
const logger = createLogger(config.log, 'api', tracing?.logFields)
tracing?.onFailure((reason) => logger.warn({ reason }, '⚠️ Could not send traces'))
await run(config, logger).catch((error: unknown) => {
  logger.fatal({ err: error }, '❌ The API cannot go on')
  process.exit(1)
})

async function run(config: ApiConfig, logger: Logger): Promise<void> {
  for (const caution of cautions(config.objects, config.embeddings)) logger.warn(caution)
  await migrate(config.database)
  const database = openDatabase(config.database, (error) =>
    logger.warn({ err: error }, '⚠️ Lost an idle database connection'),
  )
  const keys = new PostgresApiKeyStore(database)
  if (!config.isLocal && config.adminKey === undefined && !(await keys.hasAny()))
    throw new ConfigurationError([
      `HOST=${config.host} would open the API to the network, and there is no API key; set ADMIN_API_KEY, or use HOST=127.0.0.1 and make a key with npm run expertsmith -- keys create`,
    ])
  const { namespace, taskQueue, uiUrl } = config.temporal
  // Lazy, so that what needs no workflow is answered while Temporal is down.
  const connection = Connection.lazy(config.temporal.connect.connectionOptions)
  const client = new Client({ connection, namespace, ...(tracing && { interceptors: { workflow: [tracing.client] } }) })
  const traced: Tracing['port'] = (port, target) => tracing?.port(port, target) ?? target
  const [lastEmbedding, lastChat] = [new LastCall(), new LastCall()]
  const watched = watchingChosen(lastEmbedding)
  const embedders = await openEmbedders(config.embeddings, { wrap: (...made) => traced('embedder', watched(...made)) })
  logger.info(toldOf(embedders), '🧠 Embeddings of new experts')
  const vectors = traced(
    'vectors',
    createVectorStore(config.vectors, embedders.chosen, (dimensions) => hasIndexedFiles(database, dimensions)),
  )
  const objects = traced(
    'objects',
    new DatabaseContentObjectStore(createObjectStore(config.objects), new PostgresDatabaseContents(database)),
  )
  const directUploads = createDirectUploads(config.objects)
  const changes = new PostgresExpertChanges(config.database, (error) =>
    logger.warn({ err: error }, '⚠️ Lost the connection that tells of changes; opening another'),
  )
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })

  const app = await createApp({
    ...config,
    logger,
    tracing: tracing?.requests,
    quietReads: config.log.format === 'pretty',
    metrics: {
      registry,
      inventory: new PostgresInventoryStore(database),
      backlogs: () => backlogs({ connection, namespace, taskQueue }),
    },
    keys,
    idempotency: new PostgresIdempotencyStore(database),
    files: new PostgresFileStore(database, config.quota),
    uploads: new PostgresDirectUploadStore(database, config.quota),
    directUploads: directUploads && traced('directUploads', directUploads),
    usage: new PostgresUsageStore(database, config),
    estimates: new PostgresEstimateStore(database),
    readers: readersOf(config.extraction),
    recipe: recipeOf(config, embedders.chosen),
    recipeFor: (embedder, chunking) => recipeOf({ ...config, chunking }, embedder),
    reindexes: new PostgresReindexStore(database),
    experts: new PostgresExpertStore(database),
    callbacks: new PostgresCallbackStore(database),
    callbackAddresses: new PublicCallbackAddresses(config.webhookAllowedHosts),
    progress: new PostgresProgressStore(database),
    changes,
    runs: new ExpertRuns({ client, namespace, taskQueue, uiUrl }),
    objects,
    embedders,
    vectors,
    chat: config.chat && {
      model: watchedChatModel(traced('chat', createChatModel(config.chat)), lastChat),
      contextTokens: config.chat.contextTokens,
    },
    checks: healthChecks({
      ...{ connection, namespace, taskQueue, objects, vectors, embedders },
      checkDatabase: () => checkDatabase(database),
      lastEmbedding: config.embeddings.provider === 'hashing' ? undefined : lastEmbedding,
      chat: config.chat && { model: config.chat.model, last: lastChat },
    }),
  })
  const close = async () => {
    await app.close()
    await Promise.allSettled([vectors.close(), embedders.close(), connection.close(), changes.close(), database.end()])
    await tracing?.close()
    logger.info('API stopped')
  }
  closeOnSignal(close, (error) => logger.error({ err: error }, '❌ The API did not stop cleanly'))
  await app.listen({ host: config.host, port: config.port })
}
