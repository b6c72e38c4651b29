import { type EmbeddingsConfig, embeddings } from './embeddings.ts'
import { type LogConfig, logging } from './logging.ts'
import { listening, ownUrl } from './own-url.ts'
import type { Reader } from './reader.ts'
import { retryWindow } from './run-times.ts'

export type StackConfig = {
  readonly log: LogConfig
  readonly dataDir: string
  readonly api: {
    readonly host: string
    readonly port: number
    /** Where this machine reaches it. */
    readonly ownUrl: string
    /** How others do. */
    readonly url: string
    readonly key: string | undefined
  }
  /** Where Temporal runs already, it is not started. */
  readonly temporalAddress: string | undefined
  readonly temporalCli: string | undefined
  readonly temporalPort: number
  readonly temporalUiPort: number
  /** Where a database is given, Postgres is not started. */
  readonly databaseUrl: string | undefined
  readonly postgresPort: number
  /** So long Temporal keeps runs that are over. */
  readonly retryWindowMs: number
  /** The worker's: shorter than elsewhere, since somebody at a terminal waits for the end. */
  readonly shutdownGraceMs: number
  /** Read here too, so that a fault is told before anything is started. */
  readonly embeddings: EmbeddingsConfig
}

export function stack(from: Reader): StackConfig {
  const api = listening(from)
  return {
    log: logging(from),
    dataDir: from.path('DATA_DIR', '.data'),
    api: {
      ...api,
      ownUrl: ownUrl(api),
      url: from.url('PUBLIC_URL') ?? ownUrl(api),
      key: from.optional('API_KEY') ?? from.optional('ADMIN_API_KEY'),
    },
    temporalAddress: from.optional('TEMPORAL_ADDRESS'),
    temporalCli: from.optional('TEMPORAL_CLI'),
    temporalPort: from.port('STACK_TEMPORAL_PORT', 7233),
    temporalUiPort: from.port('STACK_TEMPORAL_UI_PORT', 8233),
    databaseUrl: from.secretUrl('DATABASE_URL', ['postgres:', 'postgresql:'], 'postgres://user:password@host/database'),
    postgresPort: from.port('STACK_POSTGRES_PORT', 54_329),
    retryWindowMs: retryWindow(from),
    shutdownGraceMs: from.duration('SHUTDOWN_GRACE', '5s'),
    embeddings: embeddings(from),
  }
}
