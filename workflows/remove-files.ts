import { proxyActivities, setCurrentDetails } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { BOOKKEEPING, CLEANING } from './activity-options.ts'
import type { RemoveFilesWorkflow } from './contract.ts'
import { renderRemoval } from './removal-report.ts'

const { removeFileVectors, removeFileArtefacts } = proxyActivities<Activities>(CLEANING)
const { detachFiles } = proxyActivities<Activities>(BOOKKEEPING)

/**
 * Takes files out of an expert: their vectors, then what was derived from them and nobody else uses, then their rows.
 * `CreateExpert` starts it once nothing works on these files any more; they are marked, so that nothing begins to.
 */
export const RemoveFiles: RemoveFilesWorkflow = async ({ expertId, fileIds }) => {
  const wanted = { expertId, fileIds }
  const { vectors, vectorsLeft, files, names } = await removeFileVectors.executeWithOptions({ summary: 'vectors' }, [
    wanted,
  ])
  const { artefacts } = await removeFileArtefacts.executeWithOptions(
    { summary: 'text and embeddings that nobody else uses' },
    [wanted],
  )
  await detachFiles.executeWithOptions({ summary: 'rows' }, [wanted])
  const receipt = {
    expert_id: expertId,
    files_removed: files,
    vectors_deleted: vectors,
    vectors_left: vectorsLeft,
    artefacts_deleted: artefacts,
  }
  setCurrentDetails(renderRemoval(receipt, names))
  return receipt
}
