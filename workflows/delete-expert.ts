import { proxyActivities, setCurrentDetails } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { BOOKKEEPING, CLEANING } from './activity-options.ts'
import type { DeleteExpertWorkflow } from './contract.ts'
import { renderRemoval } from './removal-report.ts'
import { untilDone } from './until-done.ts'

const { stopRun } = proxyActivities<Activities>(BOOKKEEPING)
const { removeVectors, removeArtefacts, removeExpert } = proxyActivities<Activities>(CLEANING)

/** Removes an expert: first whatever still writes, then its vectors, then what was derived for it alone, then its rows. */
export const DeleteExpert: DeleteExpertWorkflow = async ({ expertId }) => {
  // An older worker did not answer before it was over.
  await untilDone(async () => (await stopRun.executeWithOptions({ summary: 'stop its run' }, [{ expertId }])) ?? true)
  const { vectors, vectorsLeft } = await removeVectors.executeWithOptions({ summary: 'vectors' }, [{ expertId }])
  const { artefacts } = await removeArtefacts.executeWithOptions(
    { summary: 'text and embeddings that nobody else uses' },
    [{ expertId }],
  )
  const { files } = await removeExpert.executeWithOptions({ summary: 'rows' }, [{ expertId }])
  const receipt = {
    expert_id: expertId,
    files_removed: files,
    vectors_deleted: vectors,
    vectors_left: vectorsLeft,
    artefacts_deleted: artefacts,
  }
  setCurrentDetails(renderRemoval(receipt))
  return receipt
}
