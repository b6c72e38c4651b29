/** The names, ids and shapes by which the API and the workers talk about workflows. All that the API imports of them. */
import { defineSearchAttributeKey } from '@temporalio/common'
import { defineQuery, defineSignal } from '@temporalio/workflow'
import type { ExpertSummary, Progress } from '../domain/expert.ts'

type CreateExpertInput = { readonly expertId: string }
export type CreateExpertWorkflow = (input: CreateExpertInput) => Promise<ExpertSummary>

type DeleteExpertInput = { readonly expertId: string }
type DeletionReceipt = { readonly expert_id: string; readonly vectors_deleted: number }
export type DeleteExpertWorkflow = (input: DeleteExpertInput) => Promise<DeletionReceipt>

export const CREATE_EXPERT = 'CreateExpert'
export const DELETE_EXPERT = 'DeleteExpert'

export const createExpertId = (expertId: string) => `expert-${expertId}`
export const deleteExpertId = (expertId: string) => `delete-expert-${expertId}`

/** Embedding has a queue of its own, whose rate can be limited for all workers together. */
export const embeddingQueue = (taskQueue: string) => `${taskQueue}-embedding`

/** Without `fileIds`: every file that failed or was cancelled. */
export type RetryRequest = { readonly fileIds?: readonly string[] }
export type AddRequest = { readonly fileIds: readonly string[] }

export const retryFailedFiles = defineSignal<[RetryRequest]>('retryFailedFiles')
export const addFiles = defineSignal<[AddRequest]>('addFiles')
export const progress = defineQuery<Progress>('progress')
export const summary = defineQuery<ExpertSummary | null>('summary')

/** Custom search attributes, registered in the namespace. Whoever may read it may read them, so they hold no names. */
export const SEARCH_ATTRIBUTES = {
  ExpertId: 'KEYWORD',
  UserId: 'KEYWORD',
  ExpertStatus: 'KEYWORD',
  FailedFiles: 'INT',
} as const

export const EXPERT_ID = defineSearchAttributeKey('ExpertId', SEARCH_ATTRIBUTES.ExpertId)
export const USER_ID = defineSearchAttributeKey('UserId', SEARCH_ATTRIBUTES.UserId)
export const EXPERT_STATUS = defineSearchAttributeKey('ExpertStatus', SEARCH_ATTRIBUTES.ExpertStatus)
export const FAILED_FILES = defineSearchAttributeKey('FailedFiles', SEARCH_ATTRIBUTES.FailedFiles)
