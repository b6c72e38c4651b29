import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { CLEANING } from './activity-options.ts'
import type { DeleteExpertWorkflow } from './contract.ts'

const { stopRun, removeVectors, removeArtefacts, removeExpert } = proxyActivities<Activities>(CLEANING)

/** Removes an expert: first whatever still writes, then its vectors, then what was derived for it alone, then its rows. */
export const DeleteExpert: DeleteExpertWorkflow = async ({ expertId }) => {
  await stopRun({ expertId })
  const { vectors, vectorsLeft } = await removeVectors({ expertId })
  const { artefacts } = await removeArtefacts({ expertId })
  const { files } = await removeExpert({ expertId })
  return {
    expert_id: expertId,
    files_removed: files,
    vectors_deleted: vectors,
    vectors_left: vectorsLeft,
    artefacts_deleted: artefacts,
  }
}
