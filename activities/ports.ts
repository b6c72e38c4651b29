import type { ChunkSizes } from '../domain/chunking.ts'
import type { DatabaseContents } from '../domain/database-contents.ts'
import type { Embedders } from '../domain/embedders.ts'
import type {
  FileRuns,
  FileStore,
  HousekeepingStore,
  LeaseStore,
  ObjectStore,
  RunStore,
  TextExtractor,
  VectorStore,
} from '../domain/ports.ts'
import type { BuildStore } from '../domain/reindex.ts'
import type { TokenBudget } from '../domain/usage.ts'
import type { WebhookSender, WebhookStore } from '../domain/webhook.ts'
import type { Staging } from './staging.ts'

/** Everything that activities need of the world; a worker's `main.ts` puts it together. */
export type Ports = {
  readonly objects: ObjectStore
  readonly extractor: TextExtractor
  readonly embedders: Embedders
  readonly vectors: VectorStore
  readonly files: FileStore
  /** What an older product left in the database. */
  readonly contents: DatabaseContents
  readonly runs: RunStore
  readonly builds: BuildStore
  /** Files of what is built beside what serves. */
  readonly buildFiles: FileRuns
  readonly leases: LeaseStore
  readonly webhooks: WebhookStore
  readonly sender: WebhookSender
  readonly budget: TokenBudget
  readonly housekeeping: HousekeepingStore
  /** How old a leftover must be before housekeeping touches it. */
  readonly housekeepingGraceMs: number
  readonly staging: Staging
  /** Of experts that have none of their own. */
  readonly chunking: ChunkSizes
  readonly settings: {
    /** How long a stage of a file is refused before the file is failed. */
    readonly retryBudgetMs: number
    /** After this time a file that is being processed has ended, in one way or another. */
    readonly fileDeadlineMs: number
    /** How long an expert with failed files waits for a retry. */
    readonly retryWindowMs: number
    /** How long the vectors of before a re-index are kept. */
    readonly rollbackWindowMs: number
  }
}
