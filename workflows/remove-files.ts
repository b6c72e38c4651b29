import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { BOOKKEEPING, CLEANING } from './activity-options.ts'
import type { RemoveFilesWorkflow } from './contract.ts'

const { removeFileVectors, removeFileArtefacts } = proxyActivities<Activities>(CLEANING)
const { detachFiles } = proxyActivities<Activities>(BOOKKEEPING)

/**
 * Takes files out of an expert: their vectors, then what was derived from them and nobody else uses, then their rows.
 * `CreateExpert` starts it once nothing works on these files any more; they are marked, so that nothing begins to.
 */
export const RemoveFiles: RemoveFilesWorkflow = async ({ expertId, fileIds }) => {
  const { vectors, vectorsLeft } = await removeFileVectors({ expertId, fileIds })
  const { artefacts } = await removeFileArtefacts({ expertId, fileIds })
  await detachFiles({ expertId, fileIds })
  return {
    expert_id: expertId,
    files_removed: fileIds.length,
    vectors_deleted: vectors,
    vectors_left: vectorsLeft,
    artefacts_deleted: artefacts,
  }
}
