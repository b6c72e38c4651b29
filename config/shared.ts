import { type ChunkingConfig, chunking } from './chunking.ts'
import { type DatabaseConfig, database } from './database.ts'
import { type EmbeddingsConfig, embeddings } from './embeddings.ts'
import { type LogConfig, logging } from './logging.ts'
import { type ObjectStoreConfig, objectStore } from './object-store.ts'
import { prices } from './prices.ts'
import { type QuotaConfig, quota } from './quota.ts'
import type { Reader } from './reader.ts'
import { type TemporalConfig, temporal } from './temporal.ts'
import { type VectorStoreConfig, vectorStore } from './vector-store.ts'
import { webhookAllowedHosts } from './webhook-allowed-hosts.ts'

/** What the API and workers read alike. */
export type Shared = {
  readonly log: LogConfig
  readonly dataDir: string
  readonly database: DatabaseConfig
  readonly temporal: TemporalConfig
  readonly objects: ObjectStoreConfig
  readonly vectors: VectorStoreConfig
  readonly embeddings: EmbeddingsConfig
  /** Names, addresses and ranges that webhooks may be sent to, though they are private. */
  readonly webhookAllowedHosts: readonly string[]
  /** US dollars per million tokens, by model. */
  readonly prices: Readonly<Record<string, number>>
  readonly quota: QuotaConfig
  readonly chunking: ChunkingConfig
}

export function shared(from: Reader): Shared {
  const dataDir = from.path('DATA_DIR', '.data')
  return {
    log: logging(from),
    dataDir,
    database: database(from),
    temporal: temporal(from),
    objects: objectStore(from, dataDir),
    vectors: vectorStore(from, dataDir),
    embeddings: embeddings(from),
    webhookAllowedHosts: webhookAllowedHosts(from),
    prices: prices(from),
    quota: quota(from),
    chunking: chunking(from),
  }
}
