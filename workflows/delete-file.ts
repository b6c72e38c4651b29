import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { CLEANING } from './activity-options.ts'
import type { DeleteFileWorkflow } from './contract.ts'

const { leaveExperts, deleteFile } = proxyActivities<Activities>(CLEANING)

/** Deletes a file and takes it out of every expert that uses it. It is marked, so that no other expert takes it up. */
export const DeleteFile: DeleteFileWorkflow = async ({ userId, fileId }) => {
  const { experts } = await leaveExperts({ fileId })
  const { objects } = await deleteFile({ userId, fileId })
  return { file_id: fileId, experts_left: experts, objects_deleted: objects }
}
