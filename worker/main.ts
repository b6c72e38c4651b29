import { randomUUID } from 'node:crypto'
import { NativeConnection, Runtime } from '@temporalio/worker'
import type { Logger } from 'pino'
import { markUse } from '../activities/housekeeping/sole-use.ts'
import { createActivities } from '../activities/index.ts'
import { Staging } from '../activities/staging.ts'
import { PublicCallbackAddresses } from '../adapters/callback-addresses.ts'
import { DatabaseContentObjectStore } from '../adapters/database-content-object-store.ts'
import { openEmbedders, toldOf } from '../adapters/embedders.ts'
import { cautions, createObjectStore, createVectorStore, inBulk } from '../adapters/from-config.ts'
import { HttpWebhookSender } from '../adapters/http-webhook-sender.ts'
import type { Tracing } from '../adapters/opentelemetry/tracing.ts'
import { createLogger, toTemporalLogger } from '../adapters/pino-logger.ts'
import { PostgresBuildFiles } from '../adapters/postgres-build-files.ts'
import { PostgresBuildStore } from '../adapters/postgres-build-store.ts'
import { migrate, openDatabase } from '../adapters/postgres-database.ts'
import { PostgresDatabaseContents } from '../adapters/postgres-database-contents.ts'
import { PostgresFileStore } from '../adapters/postgres-file-store.ts'
import { PostgresHousekeepingStore } from '../adapters/postgres-housekeeping-store.ts'
import { PostgresLeaseStore } from '../adapters/postgres-lease-store.ts'
import { PostgresRateLimit } from '../adapters/postgres-rate-limit.ts'
import { PostgresRunStore } from '../adapters/postgres-run-store.ts'
import { PostgresTokenBudget } from '../adapters/postgres-token-budget.ts'
import { hasIndexedFiles } from '../adapters/postgres-vector-use.ts'
import { PostgresWebhookStore } from '../adapters/postgres-webhook-store.ts'
import { closeOnSignal } from '../adapters/process-signals.ts'
import { ProcessTextExtractor } from '../adapters/process-text-extractor.ts'
import { metricsOptions } from '../adapters/temporal-metrics.ts'
import { ensureSchedule } from '../adapters/temporal-schedules.ts'
import { ensureSearchAttributes } from '../adapters/temporal-search-attributes.ts'
import type { WorkerConfig } from '../config.ts'
import { loadWorkerConfig } from '../config.ts'
import { HOUSEKEEPING, housekeepingId, SEARCH_ATTRIBUTES } from '../workflows/contract.ts'
import { bundleWorkflows, createWorkers, runWorkers, shutdownWorkers, TRACE_INTERCEPTORS } from './create-workers.ts'
import { openScratch } from './scratch.ts'

const config = loadWorkerConfig()
const tracing = config.tracing && new (await import('../adapters/opentelemetry/tracing.ts')).Tracing(config.tracing)
const logger = createLogger(config.log, 'worker', tracing?.logFields)
tracing?.onFailure((reason) => logger.warn({ reason }, '⚠️ Could not send traces'))
Runtime.install({
  logger: toTemporalLogger(logger),
  shutdownSignals: [],
  telemetryOptions: {
    // What the SDK's native part says goes through the same logger.
    logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
    ...(config.metrics && { metrics: metricsOptions(config.metrics) }),
  },
})
await run(config, logger).catch((error: unknown) => {
  logger.fatal({ err: error }, '❌ The worker cannot go on')
  // Not by itself: the pool of connections and the reading processes would keep the process alive.
  process.exit(1)
})

async function run(config: WorkerConfig, logger: Logger): Promise<void> {
  for (const caution of cautions(config.objects, config.embeddings)) logger.warn(caution)
  await migrate(config.database)
  const database = openDatabase(config.database, (error) =>
    logger.warn({ err: error }, '⚠️ Lost an idle database connection'),
  )
  const connection = await NativeConnection.connect(config.temporal.connect.connectionOptions)
  await ensureSearchAttributes(connection, config.temporal.namespace, SEARCH_ATTRIBUTES).catch((error: unknown) =>
    logger.warn({ err: error }, '⚠️ Could not register the search attributes; add them to the namespace by hand'),
  )
  await ensureSchedule(connection, config.temporal.namespace, housekeepingSchedule(config)).catch((error: unknown) =>
    logger.warn(
      { err: error },
      '⚠️ Could not set up the schedule of housekeeping; the next worker that starts tries again',
    ),
  )

  const scratch = await openScratch(config.scratchDir)
  const hostQueue = `${config.temporal.taskQueue}-host-${randomUUID()}`
  const traced: Tracing['port'] = (port, target) => tracing?.port(port, target) ?? target
  const bulk = inBulk(config.embeddings, {
    limit: (options) => new PostgresRateLimit(database, options),
    meter: Runtime.instance().metricMeter,
  })
  const embedders = await openEmbedders(config.embeddings, {
    wrap: (...made) => traced('embedder', bulk(...made)),
  })
  logger.info(toldOf(embedders), '🧠 Embeddings of new experts')
  const vectors = traced(
    'vectors',
    createVectorStore(
      config.vectors,
      embedders.chosen,
      (dimensions) => hasIndexedFiles(database, dimensions),
      (error) => logger.warn({ err: error }, '⚠️ Could not tidy up vectors; trying again'),
    ),
  )
  const extractor = traced('extractor', new ProcessTextExtractor(config.extraction))
  const contents = new PostgresDatabaseContents(database)
  const objects = traced('objects', new DatabaseContentObjectStore(createObjectStore(config.objects), contents))
  const housekeeping = new PostgresHousekeepingStore(database)
  if (config.objects.kind !== 'unconfigured')
    // Not waited for: a store that is away for a moment must not keep the worker from starting.
    void markUse({ objects, housekeeping }).catch((error: unknown) =>
      logger.warn({ err: error }, '⚠️ Could not write to the object store'),
    )
  const activities = createActivities({
    objects,
    extractor,
    embedders,
    vectors,
    files: new PostgresFileStore(database, config.quota),
    contents,
    runs: new PostgresRunStore(database),
    builds: new PostgresBuildStore(database),
    buildFiles: new PostgresBuildFiles(database),
    leases: new PostgresLeaseStore(database),
    webhooks: new PostgresWebhookStore(database),
    sender: new HttpWebhookSender(new PublicCallbackAddresses(config.webhookAllowedHosts)),
    budget: new PostgresTokenBudget(database, config),
    housekeeping,
    housekeepingGraceMs: config.housekeeping.graceMs,
    staging: new Staging({ dir: scratch.dir, hostQueue }),
    chunking: config.chunking,
    settings: {
      retryBudgetMs: config.retryBudgetMs,
      retryWindowMs: config.retryWindowMs,
      rollbackWindowMs: config.rollbackWindowMs,
      fileDeadlineMs: config.fileDeadlineMs,
    },
  })
  const workers = await createWorkers({
    connection,
    namespace: config.temporal.namespace,
    taskQueue: config.temporal.taskQueue,
    hostQueue,
    activities,
    workflowBundle: await bundleWorkflows({
      logger: toTemporalLogger(logger.child({}, { level: 'warn' })),
      ...(tracing && { workflowInterceptorModules: TRACE_INTERCEPTORS }),
    }),
    concurrency: config.concurrentActivities,
    shutdownGraceMs: config.shutdownGraceMs,
    version: config.version,
    tracing,
  })

  const running = runWorkers(workers)
  const close = async () => {
    shutdownWorkers(workers)
    await running.catch(() => undefined)
    await Promise.allSettled([
      ...[extractor.close(), embedders.close(), vectors.close()],
      ...[connection.close(), database.end(), scratch.remove()],
    ])
    await tracing?.close()
    logger.info('Worker stopped')
  }
  closeOnSignal(close, (error) => logger.error({ err: error }, '❌ The worker did not stop cleanly'))
  logger.info({ taskQueue: config.temporal.taskQueue, hostQueue }, 'Worker started')
  await running
}

function housekeepingSchedule({ temporal: { taskQueue }, housekeeping: { everyMs } }: WorkerConfig) {
  return {
    scheduleId: housekeepingId(taskQueue),
    taskQueue,
    everyMs,
    workflowType: HOUSEKEEPING,
    input: { dryRun: false },
    summary: 'Housekeeping',
  }
}
