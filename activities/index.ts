import type { FileContext } from '../domain/ports.ts'
import { cancelUnfinished } from './cancel-unfinished.ts'
import { deleteFile, leaveExperts } from './delete-file.ts'
import { deliverWebhook } from './deliver-webhook.ts'
import { downloadFile } from './download-file.ts'
import { embedChunks } from './embed-chunks.ts'
import { extractText } from './extract-text.ts'
import { fileRuns } from './file-runs.ts'
import { abortUploads } from './housekeeping/abort-uploads.ts'
import { removeObjects } from './housekeeping/remove-objects.ts'
import { removeAbandonedVectors } from './housekeeping/remove-vectors.ts'
import { startExperts } from './housekeeping/start-experts.ts'
import { keepRecords } from './keep-records.ts'
import { moveContent } from './move-content.ts'
import { closeEvent, openEvent } from './open-event.ts'
import { openRun } from './open-run.ts'
import type { Ports } from './ports.ts'
import { recordFailure } from './record-failure.ts'
import { cleanBuild } from './reindex/clean-build.ts'
import { keepBuilds } from './reindex/keep-builds.ts'
import { mendBuild } from './reindex/mend-build.ts'
import { openBuild } from './reindex/open-build.ts'
import { switchGeneration } from './reindex/switch-generation.ts'
import { verifyBuild } from './reindex/verify-build.ts'
import { removeArtefacts, removeFileArtefacts } from './remove-artefacts.ts'
import { removeExpert, stopRun } from './remove-expert.ts'
import { removeFileVectors, removeVectors } from './remove-vectors.ts'
import { surveyContents } from './survey-contents.ts'
import { upsertVectors } from './upsert-vectors.ts'

/** All activities, each closed over the ports that it uses. */
export const createActivities = (ports: Ports) => ({
  openRun: openRun(ports),
  ...keepRecords(ports),
  ...processFiles({ ...ports, runs: fileRuns(ports.runs, ports.buildFiles) }),
  cancelUnfinished: cancelUnfinished(ports),
  stopRun: stopRun(ports),
  removeVectors: removeVectors(ports),
  removeFileVectors: removeFileVectors(ports),
  removeArtefacts: removeArtefacts(ports),
  removeFileArtefacts: removeFileArtefacts(ports),
  removeExpert: removeExpert(ports),
  leaveExperts: leaveExperts(ports),
  deleteFile: deleteFile(ports),
  startExperts: startExperts(ports),
  abortUploads: abortUploads(ports),
  removeObjects: removeObjects(ports),
  removeAbandonedVectors: removeAbandonedVectors(ports),
  ...surveyContents(ports),
  moveContent: moveContent(ports),
  openEvent: openEvent(ports),
  deliverWebhook: deliverWebhook(ports),
  closeEvent: closeEvent(ports),
  openBuild: openBuild(ports),
  ...keepBuilds(ports),
  verifyBuild: verifyBuild(ports),
  mendBuild: mendBuild(ports),
  switchGeneration: switchGeneration(ports),
  cleanBuild: cleanBuild(ports),
})

/** What is done with a file, whether for what serves or for what is built beside it. */
const processFiles = (ports: Omit<Ports, 'runs'> & { readonly runs: ReturnType<typeof fileRuns> }) => ({
  downloadFile: downloadFile(ports),
  extractText: extractText(ports),
  embedChunks: embedChunks(ports),
  upsertVectors: upsertVectors(ports),
  recordFailure: recordFailure(ports),
  postponeFile: (file: FileContext) => ports.runs.postpone(file),
})

export type Activities = ReturnType<typeof createActivities>
