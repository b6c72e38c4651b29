import { setTimeout as delay } from 'node:timers/promises'
import { activityInfo, getClient, log } from '@temporalio/activity'
import { hasContent } from '../domain/file.ts'
import type { ExpertUsing } from '../domain/ports.ts'
import { CREATE_EXPERT, createExpertStart, removeFiles } from '../workflows/contract.ts'
import { earlierAttempt } from './earlier-attempt.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'

type OneFile = { readonly fileId: string }
type Left = { readonly experts: readonly string[] }
type Deleted = { readonly objects: number }

const ASK_EVERY_MS = 500

/** Asks every expert that uses the file to remove it, and waits until none does. */
export const leaveExperts =
  ({ files }: Pick<Ports, 'files'>) =>
  ({ fileId }: OneFile): Promise<Left> =>
    heartbeating(async ({ signal }, _beat, keep) => {
      const using = await files.expertsUsing(fileId)
      const { experts: before = [] } = earlierAttempt<Left>()
      const experts = [...new Set([...before, ...using.map(({ id }) => id)])]
      // Before they are asked: once they have removed it, nothing tells who they were.
      await keep({ experts })
      for (const expert of using) await askToRemove(expert, fileId)
      while ((await files.expertsUsing(fileId)).length > 0) await delay(ASK_EVERY_MS, undefined, { signal })
      return { experts }
    })

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
