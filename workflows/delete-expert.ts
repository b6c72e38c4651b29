import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { BOOKKEEPING, CLEANING } from './activity-options.ts'
import type { DeleteExpertWorkflow } from './contract.ts'

const { stopRun, removeVectors } = proxyActivities<Activities>(CLEANING)
const { removeExpert } = proxyActivities<Activities>(BOOKKEEPING)

/** Removes an expert: first whatever still writes, then its vectors, then its rows. */
export const DeleteExpert: DeleteExpertWorkflow = async ({ expertId }) => {
  await stopRun({ expertId })
  const { vectors } = await removeVectors({ expertId })
  await removeExpert({ expertId })
  return { expert_id: expertId, vectors_deleted: vectors }
}
