/**
 * What each process is configured with, and all that others import of it: a loader per process, which reports everything that is
 * wrong at once. `config/` has a file per part; its `reader.ts` is the only reader of the environment.
 * `.env.example` documents every variable, and a test compares the two.
 */
import { type ApiConfig, api } from './config/api.ts'
import { type ClientConfig, client } from './config/client.ts'
import { ConfigurationError } from './config/configuration-error.ts'
import { type DatabaseConfig, database } from './config/database.ts'
import { embeddings } from './config/embeddings.ts'
import { isLoopback } from './config/is-loopback.ts'
import { type LocalSetupConfig, localSetup } from './config/local-embeddings.ts'
import { objectStore } from './config/object-store.ts'
import { type Environment, environment, Reader } from './config/reader.ts'
import { fileDeadline, retryWindow } from './config/run-times.ts'
import type { Shared } from './config/shared.ts'
import { type StackConfig, stack } from './config/stack.ts'
import { temporal } from './config/temporal.ts'
import { uploadLifetime } from './config/upload-lifetime.ts'
import { withOwnDatabase } from './config/with-own-database.ts'
import { type WorkerConfig, worker } from './config/worker.ts'

export type { ChatConfig } from './config/chat.ts'
export type { EmbeddingsConfig, OpenAiEmbeddingsConfig } from './config/embeddings.ts'
export type { ExtractionConfig, OcrConfig } from './config/extraction.ts'
export type { LogConfig } from './config/logging.ts'
export type { ObjectStoreConfig, S3Config } from './config/object-store.ts'
export type { TracingConfig } from './config/tracing.ts'
export type { VectorStoreConfig } from './config/vector-store.ts'
export type { WorkerMetricsConfig } from './config/worker-metrics.ts'
export type { ApiConfig, ClientConfig, DatabaseConfig, Environment, LocalSetupConfig, StackConfig, WorkerConfig }
export { ConfigurationError, isLoopback }

export const loadApiConfig = (env: Environment = environment()): ApiConfig => Reader.load(env, api)

export const loadWorkerConfig = (env: Environment = environment()): WorkerConfig => Reader.load(env, worker)

export type TemporalClientConfig = Pick<Shared, 'temporal'>

/** For commands that start a workflow, and do nothing else: all that they need to know is where Temporal is. */
export const loadTemporalClientConfig = (env: Environment = environment()): TemporalClientConfig =>
  Reader.load(env, (from) => ({ temporal: temporal(from) }))

export type BucketConfig = Pick<Shared, 'objects'> &
  Pick<ApiConfig, 'corsOrigins' | 'uploadLifetimeMs'> &
  Pick<WorkerConfig, 'retryWindowMs' | 'fileDeadlineMs'>

/** For the operator's commands that see to the bucket. */
export const loadBucketConfig = (env: Environment = environment()): BucketConfig =>
  Reader.load(env, (from) => ({
    objects: objectStore(from, from.path('DATA_DIR', '.data')),
    corsOrigins: from.list('CORS_ORIGINS'),
    uploadLifetimeMs: uploadLifetime(from),
    retryWindowMs: retryWindow(from),
    fileDeadlineMs: fileDeadline(from),
  }))

export type RebuildConfig = Pick<Shared, 'temporal' | 'database' | 'embeddings'>

/** For whoever has vectors stored again: it marks files in the database, and starts workflows. */
export const loadRebuildConfig = (env: Environment = environment()): RebuildConfig =>
  Reader.load(withOwnDatabase(env), (from) => ({
    temporal: temporal(from),
    database: database(from),
    embeddings: embeddings(from),
  }))

/** For the operator's command that sets up the local embedder. */
export const loadLocalSetupConfig = (env: Environment = environment()): LocalSetupConfig => Reader.load(env, localSetup)

/** For commands that speak to the API. */
export const loadClientConfig = (env: Environment = environment()): ClientConfig => Reader.load(env, client)

/** All that the processes read. */
export type DoctorConfig = { readonly api: ApiConfig; readonly worker: WorkerConfig; readonly client: ClientConfig }

/** @throws ConfigurationError with the faults of all of them */
export function loadDoctorConfig(given: Environment = environment()): DoctorConfig {
  const env = withOwnDatabase(given)
  const faults: string[] = []
  const [ofApi, ofWorker, ofClient] = [loadApiConfig, loadWorkerConfig, loadClientConfig].map((load) => {
    try {
      return load(env)
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      faults.push(...error.faults)
    }
    return undefined
  }) as [ApiConfig?, WorkerConfig?, ClientConfig?]
  if (!ofApi || !ofWorker || !ofClient) throw new ConfigurationError(faults)
  return { api: ofApi, worker: ofWorker, client: ofClient }
}

/** For `npm start`, and what starts the same services. */
export const loadStackConfig = (env: Environment = environment()): StackConfig => Reader.load(env, stack)
