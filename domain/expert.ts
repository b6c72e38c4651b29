import type { ChunkSizes } from './chunking.ts'
import type { EmbeddingProvider } from './embedders.ts'
import type { FailureCode, Stage } from './failure.ts'
import type { ReindexStatus } from './reindex.ts'
import type { ExpertCost } from './usage.ts'

export type ExpertStatus =
  | 'queued'
  | 'processing'
  | 'paused'
  | 'ready'
  | 'partially_ready'
  | 'failed'
  | 'cancelled'
  | 'deleting'

/** How a pass over an expert's files can end. */
export const FINAL_STATUSES = [
  'ready',
  'partially_ready',
  'failed',
  'cancelled',
] as const satisfies readonly ExpertStatus[]
export type FinalStatus = (typeof FINAL_STATUSES)[number]
export const isFinal = (status: ExpertStatus): status is FinalStatus =>
  (FINAL_STATUSES as readonly ExpertStatus[]).includes(status)

export type ExpertFileStatus = 'pending' | 'processing' | 'indexed' | 'failed' | 'cancelled' | 'removing'

export type Progress = {
  readonly files: number
  readonly indexed: number
  readonly failed: number
  readonly pending: number
}

/** A re-index in a few words; `files`: that are indexed in what serves. */
type OpenReindex = {
  readonly generation: number
  readonly status: ReindexStatus
  readonly files: number
  readonly built: number
  readonly failed: number
}

export type Expert = {
  readonly id: string
  readonly userId: string
  readonly name: string
  readonly systemPrompt: string
  readonly voiceId: string | null
  /** Of what people edit: name, prompt and voice. */
  readonly version: number
  readonly status: ExpertStatus
  /** Why the expert is paused; null otherwise. */
  readonly statusReason: string | null
  readonly summary: ExpertSummary | null
  readonly generation: number
  readonly embeddingProvider: EmbeddingProvider
  readonly embeddingModel: string
  readonly embeddingDimensions: number
  /** Why this model; null of experts that are older than the reasons. */
  readonly embeddingReason: string | null
  /** Of its own; null: as configured. */
  readonly chunking: ChunkSizes | null
  /** Where its owner is told how each pass has ended; null: nowhere. */
  readonly callbackUrl: string | null
  /** The one that is under way; null where none is. */
  readonly reindex: OpenReindex | null
  readonly progress: Progress
  readonly cost: ExpertCost
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** One file of one expert: how far it is, and why it failed. */
export type ExpertFile = {
  readonly expertId: string
  readonly fileId: string
  readonly name: string
  readonly s3Key: string
  readonly status: ExpertFileStatus
  readonly stage: Stage | null
  readonly code: FailureCode | null
  readonly message: string | null
  readonly attempts: number
  readonly pages: number | null
  /** Damaged pages, whose text is missing. */
  readonly pagesSkipped: number | null
  readonly chunks: number | null
  readonly tokens: number | null
  readonly updatedAt: Date
}

export type FailedFile = {
  readonly file_id: string
  readonly name: string
  readonly stage: Stage
  readonly code: FailureCode
  readonly message: string
  readonly retryable: boolean
  readonly attempts: number
  readonly s3_key: string
}

/** The result of `CreateExpert` and the `summary` of an expert: JSON as a person reads it in the Web UI. */
export type ExpertSummary = {
  readonly expert_id: string
  readonly status: FinalStatus
  readonly totals: {
    readonly files: number
    readonly indexed: number
    readonly failed: number
    readonly pages: number
    readonly pages_skipped: number
    readonly chunks: number
    readonly tokens_embedded: number
    readonly tokens_reused: number
  }
  /** The first `FAILED_FILES_IN_SUMMARY`; `totals.failed` counts them all and Postgres has the whole list. */
  readonly failed_files: readonly FailedFile[]
  readonly seconds: Readonly<Record<Stage, number>>
}

/** Files in one signal, or one activity's input: 200 KB of ids, where Temporal warns at 256 KB. */
export const FILES_PER_REQUEST = 5_000

/** Keeps the result far below Temporal's payload warning at 256 KB. */
export const FAILED_FILES_IN_SUMMARY = 200

/** An expert without one usable file has failed; with all of them it is ready. */
export function finalStatus({ files, indexed }: Pick<Progress, 'files' | 'indexed'>): FinalStatus {
  if (indexed === files) return 'ready'
  return indexed > 0 ? 'partially_ready' : 'failed'
}
