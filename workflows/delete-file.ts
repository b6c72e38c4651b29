import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { BOOKKEEPING, CLEANING } from './activity-options.ts'
import type { DeleteFileWorkflow } from './contract.ts'
import { untilDone } from './until-done.ts'

const { leaveExperts } = proxyActivities<Activities>(BOOKKEEPING)
const { deleteFile } = proxyActivities<Activities>(CLEANING)

/** Some ten minutes, by then: an expert that was asked may have lost its run, which somebody ended by hand. */
const ASKED_AGAIN_EVERY = 16

/** Deletes a file and takes it out of every expert that uses it. It is marked, so that no other expert takes it up. */
export const DeleteFile: DeleteFileWorkflow = async ({ userId, fileId }) => {
  const left = new Set<string>()
  await untilDone(async (round) => {
    const again = round > 0 && round % ASKED_AGAIN_EVERY === 0
    const { experts, done } = await leaveExperts.executeWithOptions({ summary: 'ask the experts that use it' }, [
      { fileId, again },
    ])
    for (const expert of experts) left.add(expert)
    // An older worker did not say so: it answered once none was left.
    return done ?? true
  })
  const { objects } = await deleteFile.executeWithOptions({ summary: 'object and row' }, [{ userId, fileId }])
  return { file_id: fileId, experts_left: [...left], objects_deleted: objects }
}
