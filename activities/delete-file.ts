import { activityInfo, getClient, log } from '@temporalio/activity'
import { hasContent } from '../domain/file.ts'
import type { ExpertUsing } from '../domain/ports.ts'
import { CREATE_EXPERT, createExpertStart, removeFiles } from '../workflows/contract.ts'
import { earlierAttempt } from './earlier-attempt.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'

type OneFile = { readonly fileId: string }
/** `experts`: those that still used it when they were asked. */
type Left = { readonly experts: readonly string[]; readonly done: boolean }
type Deleted = { readonly objects: number }

/** Asks each expert that uses the file to remove it; those that were asked before only with `again`, in case it was lost. */
export const leaveExperts =
  ({ files }: Pick<Ports, 'files'>) =>
  async ({ fileId, again }: OneFile & { again: boolean }): Promise<Left> => {
    const using = await files.expertsUsing(fileId)
    for (const expert of using) if (again || !expert.isLeaving) await askToRemove(expert, fileId)
    return { experts: using.map(({ id }) => id), done: using.length === 0 }
  }

/** An expert that is being deleted lets go of its files by itself. */
async function askToRemove(expert: ExpertUsing, fileId: string): Promise<void> {
  if (expert.status === 'deleting') return
  const { taskQueue } = activityInfo()
  await getClient().workflow.signalWithStart(CREATE_EXPERT, {
    ...createExpertStart(expert),
    taskQueue,
    signal: removeFiles,
    signalArgs: [{ fileIds: [fileId] }],
  })
}

/** Deletes the object, then the row. @throws Error where an expert uses the file, so that this is tried again */
export const deleteFile =
  ({ files, objects }: Pick<Ports, 'files' | 'objects'>) =>
  async ({ userId, fileId }: OneFile & { userId: string }): Promise<Deleted> =>
    heartbeating(async (options, _beat, keep) => {
      const file = await files.find(userId, fileId)
      // Perhaps deleted by an attempt that died before it could say so.
      if (!file) return { objects: earlierAttempt<Deleted>().objects ?? 0 }
      const deleted = { objects: hasContent(file) ? 1 : 0 }
      await keep(deleted)
      // The object first: without its row nobody would know of it. The row is marked, so nobody reads it any more.
      if (hasContent(file)) await objects.delete(file.s3Key, options)
      const { experts } = await files.delete(userId, fileId)
      if (experts.length > 0) throw new Error(`file ${fileId} is used by ${experts.length} experts`)
      log.info('🗑️ File deleted', { fileId })
      return deleted
    })
