/** The names, ids and shapes by which the API and the workers talk about workflows. All that the API imports of them. */
import { defineSearchAttributeKey } from '@temporalio/common'
import { defineQuery, defineSignal } from '@temporalio/workflow'
import type { Expert, ExpertSummary, Progress } from '../domain/expert.ts'
import type { Chore, HousekeepingReceipt } from '../domain/housekeeping.ts'
import type { FileFailure, FileInDeletion } from '../domain/ports.ts'
import type { BuildRef, ReindexProgress, ReindexReceipt, ReindexStatus } from '../domain/reindex.ts'
import { counted, escapeSummary } from './markdown.ts'
import type { Passes } from './passes.ts'

type CreateExpertInput = { readonly expertId: string }
export type CreateExpertWorkflow = (input: CreateExpertInput) => Promise<ExpertSummary>

/** What was removed, as a person reads it in the Web UI. */
export type RemovalReceipt = {
  readonly expert_id: string
  readonly files_removed: number
  readonly vectors_deleted: number
  /** Asked of the vector store afterwards: 0. */
  readonly vectors_left: number
  /** Objects with text and embeddings that no other expert uses. */
  readonly artefacts_deleted: number
}

type DeleteExpertInput = { readonly expertId: string }
export type DeleteExpertWorkflow = (input: DeleteExpertInput) => Promise<RemovalReceipt>

type RemoveFilesInput = { readonly expertId: string; readonly fileIds: readonly string[] }
export type RemoveFilesWorkflow = (input: RemoveFilesInput) => Promise<RemovalReceipt>

type DeleteFileInput = { readonly userId: string; readonly fileId: string }
type FileReceipt = {
  readonly file_id: string
  /** Ids of the experts that used it, and do no more. */
  readonly experts_left: readonly string[]
  readonly objects_deleted: number
}
export type DeleteFileWorkflow = (input: DeleteFileInput) => Promise<FileReceipt>

/** Without `chores`: all of them. A dry run finds and names, and changes nothing. */
export type HousekeepingInput = { readonly dryRun: boolean; readonly chores?: readonly Chore[] }
export type HousekeepingWorkflow = (input: HousekeepingInput) => Promise<HousekeepingReceipt>

/** How far the files are that an older product kept in the database. */
export type MigrationProgress = {
  /** All of them when the run began, and their bytes. */
  readonly files: number
  readonly bytes: number
  readonly moved: number
  readonly movedBytes: number
  readonly failed: number
}

export type FailedMove = Omit<FileFailure, 'stage'> & { readonly file_id: string; readonly name: string }

export type MigrationReceipt = {
  /** Whether there is a column of contents at all. */
  readonly column: boolean
  readonly dry_run: boolean
  readonly moved: number
  readonly moved_bytes: number
  readonly failed: number
  /** The first hundred of them. */
  readonly failed_files: readonly FailedMove[]
  /** Files whose bytes are in the database after the run. */
  readonly left: number
  readonly left_bytes: number
}

export type MigrateContentInput = {
  /** Counts only. */
  readonly dryRun?: boolean
  /** What a run hands to the one that continues it. */
  readonly before?: {
    readonly after: string
    readonly progress: MigrationProgress
    readonly failures: readonly FailedMove[]
  }
}
export type MigrateContentWorkflow = (input: MigrateContentInput) => Promise<MigrationReceipt>

/** `left`: files with bytes in the column, for which it was kept; null where there was none. */
export type DropContentColumnWorkflow = () => Promise<{ readonly left: number | null }>

type DeliverWebhookInput = { readonly eventId: string }
/** What became of an event, as a person reads it in the Web UI. */
export type WebhookReceipt = {
  readonly event_id: string
  /** `withdrawn`: the expert or its callback was gone. */
  readonly outcome: 'delivered' | 'given_up' | 'withdrawn'
  /** Of the last answer; null where there was none. */
  readonly status: number | null
  readonly tries: number
  /** Why it was given up. */
  readonly reason: string | null
}
export type DeliverWebhookWorkflow = (input: DeliverWebhookInput) => Promise<WebhookReceipt>

/** `passes`: what a run hands to the one that continues it. */
export type ReindexExpertInput = BuildRef & { readonly passes?: Passes }
export type ReindexExpertWorkflow = (input: ReindexExpertInput) => Promise<ReindexReceipt>
/** `note`: what came of a signal that came at the wrong moment. */
export type ReindexState = ReindexProgress & {
  readonly status: ReindexStatus
  readonly reason: string | null
  readonly note: string | null
}

export const REINDEX_EXPERT = 'ReindexExpert'
/** Each re-index has its own, so that one that begins in the moment in which another ends is not taken for that one. */
export const reindexExpertId = ({ expertId, generation }: BuildRef) => `reindex-expert-${expertId}-${generation}`

export const DELIVER_WEBHOOK = 'DeliverWebhook'
export const deliverWebhookId = (eventId: string) => `webhook-${eventId}`

export const MIGRATE_CONTENT = 'MigrateContent'
export const DROP_CONTENT_COLUMN = 'DropContentColumn'

export const CREATE_EXPERT = 'CreateExpert'
export const DELETE_EXPERT = 'DeleteExpert'
export const REMOVE_FILES = 'RemoveFiles'
export const DELETE_FILE = 'DeleteFile'
export const HOUSEKEEPING = 'Housekeeping'

export const createExpertId = (expertId: string) => `expert-${expertId}`
export const deleteExpertId = (expertId: string) => `delete-expert-${expertId}`
export const removeFilesId = (requestId: string) => `remove-files-${requestId}`
export const deleteFileId = (fileId: string) => `delete-file-${fileId}`

/** Of the schedule, and what the ids of its runs begin with. Deployments that share a namespace have queues of their own. */
export const housekeepingId = (taskQueue: string) => `${taskQueue}-housekeeping`

export const migrateContentId = (taskQueue: string) => `${taskQueue}-migrate-content`
/** A dry run is never joined by a real one. */
export const migrateContentDryRunId = (taskQueue: string) => `${migrateContentId(taskQueue)}-dry-run`
export const dropContentColumnId = (taskQueue: string) => `${taskQueue}-drop-content-column`

/** Embedding has a queue of its own, whose rate can be limited for all workers together. */
export const embeddingQueue = (taskQueue: string) => `${taskQueue}-embedding`

/** So have webhooks: receivers that do not answer hold none of the slots that files need. */
export const webhookQueue = (taskQueue: string) => `${taskQueue}-webhooks`

/** Without `fileIds`: every file that failed or was cancelled. */
export type RetryRequest = { readonly fileIds?: readonly string[] }
export type AddRequest = { readonly fileIds: readonly string[] }
/** `requestId`: names the workflow that removes them, `remove-files-<requestId>`. */
export type RemoveRequest = { readonly fileIds: readonly string[]; readonly requestId?: string }

export const retryFailedFiles = defineSignal<[RetryRequest]>('retryFailedFiles')
export const addFiles = defineSignal<[AddRequest]>('addFiles')
export const removeFiles = defineSignal<[RemoveRequest]>('removeFiles')
export const pauseReindex = defineSignal('pauseReindex')
export const resumeReindex = defineSignal('resumeReindex')
export const cancelReindex = defineSignal('cancelReindex')
export const rollBackReindex = defineSignal('rollBackReindex')
export const finishReindex = defineSignal('finishReindex')
export const reindexProgress = defineQuery<ReindexState>('reindexProgress')
export const progress = defineQuery<Progress>('progress')
export const summary = defineQuery<ExpertSummary | null>('summary')
export const migrationProgress = defineQuery<MigrationProgress>('migrationProgress')

/** Custom search attributes, registered in the namespace. Whoever may read it may read them, so they hold no names. */
export const SEARCH_ATTRIBUTES = {
  ExpertId: 'KEYWORD',
  UserId: 'KEYWORD',
  ExpertStatus: 'KEYWORD',
  FailedFiles: 'INT',
} as const

export const EXPERT_ID = defineSearchAttributeKey('ExpertId', SEARCH_ATTRIBUTES.ExpertId)
const USER_ID = defineSearchAttributeKey('UserId', SEARCH_ATTRIBUTES.UserId)
export const EXPERT_STATUS = defineSearchAttributeKey('ExpertStatus', SEARCH_ATTRIBUTES.ExpertStatus)
export const FAILED_FILES = defineSearchAttributeKey('FailedFiles', SEARCH_ATTRIBUTES.FailedFiles)

type StartedExpert = Pick<Expert, 'id' | 'userId' | 'name' | 'status' | 'progress'>

/** How an expert's run is started, by whoever does it; starting what runs already is a success. Lacks the task queue. */
export const createExpertStart = (expert: StartedExpert) => ({
  ...describeRun(expert),
  workflowId: createExpertId(expert.id),
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  args: [{ expertId: expert.id }] as [CreateExpertInput],
})

export const deleteExpertStart = (expert: StartedExpert) => ({
  // Not what the expert was: whoever looks for experts with failed files does not look for this one.
  ...describeRun({
    ...expert,
    name: `Delete ${expert.name}`,
    status: 'deleting',
    progress: { ...expert.progress, failed: 0 },
  }),
  workflowId: deleteExpertId(expert.id),
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  args: [{ expertId: expert.id }] as [DeleteExpertInput],
})

type ReindexedExpert = Pick<Expert, 'id' | 'userId' | 'name'>

/** Starting what runs already is a success. Lacks the task queue. */
export const reindexExpertStart = ({ id: expertId, userId, name }: ReindexedExpert, generation: number) => ({
  workflowId: reindexExpertId({ expertId, generation }),
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: escapeSummary(`Re-index ${name}`),
  staticDetails: `Expert \`${expertId}\`, generation ${generation} of its vectors.`,
  typedSearchAttributes: [
    { key: EXPERT_ID, value: expertId },
    { key: USER_ID, value: userId },
  ],
  priority: { fairnessKey: userId },
  args: [{ expertId, generation }] as [BuildRef],
})

export const deleteFileStart = ({ id: fileId, userId, originalName }: FileInDeletion) => ({
  workflowId: deleteFileId(fileId),
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: escapeSummary(`Delete ${originalName}`),
  typedSearchAttributes: [{ key: USER_ID, value: userId }],
  priority: { fairnessKey: userId },
  args: [{ userId, fileId }] as [DeleteFileInput],
})

/** What the Web UI shows and finds a run by. */
const describeRun = (expert: StartedExpert) => ({
  staticSummary: escapeSummary(expert.name),
  staticDetails: `Expert \`${expert.id}\` with ${counted(expert.progress.files, 'file')}.`,
  typedSearchAttributes: [
    { key: EXPERT_ID, value: expert.id },
    { key: USER_ID, value: expert.userId },
    { key: EXPERT_STATUS, value: expert.status },
    { key: FAILED_FILES, value: expert.progress.failed },
  ],
  // Users take turns, however much work each of them has.
  priority: { fairnessKey: expert.userId },
})
