import type { StackConfig } from '../config.ts'

export type Servers = {
  readonly databaseUrl: string
  readonly temporal: { readonly address: string; readonly uiUrl?: string | undefined }
}

/** What api and worker need to know of the servers that were started for them, and of what was decided for both. */
export const childEnvironment = (config: StackConfig, { databaseUrl, temporal }: Servers): NodeJS.ProcessEnv => ({
  DATA_DIR: config.dataDir,
  DATABASE_URL: databaseUrl,
  TEMPORAL_ADDRESS: temporal.address,
  LOG_FORMAT: config.log.format,
  SHUTDOWN_GRACE: `${config.shutdownGraceMs}ms`,
  // A set-up may end while they start, after one of them has looked, or while one is started again.
  EMBEDDINGS: config.embeddings.provider,
  EMBEDDINGS_REASON: config.embeddings.reason,
  ...(temporal.uiUrl && { TEMPORAL_UI_URL: temporal.uiUrl }),
})
