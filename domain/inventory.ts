import type { ExpertFileStatus, ExpertStatus } from './expert.ts'
import type { FailureCode, Stage } from './failure.ts'

export type FilesAlike = {
  readonly status: ExpertFileStatus
  readonly stage: Stage | null
  readonly code: FailureCode | null
  readonly files: number
  readonly tokens: number
  /** Of `tokens`, those whose embeddings existed already. */
  readonly tokensReused: number
}

/** What there is of all users together, in numbers, for those who run it. */
export type Inventory = {
  readonly experts: readonly { readonly status: ExpertStatus; readonly experts: number }[]
  /** Those that are paused, by the code of the failure that paused them. */
  readonly paused: readonly { readonly code: string; readonly experts: number }[]
  readonly files: readonly FilesAlike[]
  /** How long the oldest file has waited in an expert that is queued or processed; 0 where none waits. */
  readonly oldestPendingFileSeconds: number
  readonly oldestQueuedExpertSeconds: number
}

export interface InventoryStore {
  take(): Promise<Inventory>
}
