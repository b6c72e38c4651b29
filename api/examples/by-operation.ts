import { QUESTION, SEARCH, SEARCH_RESULTS } from './answers.ts'
import {
  CALLBACK_SECRET,
  CREATED_EXPERT,
  DELETED_EXPERT,
  EDITED_EXPERT,
  ESTIMATE,
  EXPERT,
  EXPERT_EDIT,
  EXPERT_FILES,
  NEW_EXPERT,
  QUEUED_EXPERT,
  REMOVAL,
  RETRIED_EXPERT,
} from './experts.ts'
import {
  BEGUN_UPLOAD,
  COMPLETED_FILE,
  FILE_DELETION,
  FILE_FORM,
  HALF_AN_UPLOAD,
  NEW_UPLOAD,
  NOT_STORED_FILE,
  OPEN_UPLOADS,
  PROCESSED_FILE,
  UPLOADED_FILE,
} from './files.ts'
import { CURSOR, OTHER_FILE_ID } from './ids.ts'
import { KEY, MADE_KEY, NEW_KEY, NOT_READY, OTHER_USAGE, QUOTA, READY, USAGE } from './operations.ts'

import { BEGUN_REINDEX, NEW_REINDEX, REINDEX_ESTIMATE, SWITCHED_REINDEX } from './reindex.ts'

/** What is sent, and what is answered by status. */
export type OperationExamples = { readonly body?: unknown; readonly [status: number]: unknown }

/** Of every operation whose request or answer has a body. A test checks them against the schemas, and that none is missing. */
export const EXAMPLES: Readonly<Record<string, OperationExamples>> = {
  uploadFile: { body: FILE_FORM, 201: UPLOADED_FILE, 202: NOT_STORED_FILE },
  listFiles: { 200: { items: [PROCESSED_FILE], next_cursor: CURSOR } },
  getFile: { 200: PROCESSED_FILE },
  replaceFileContent: { body: FILE_FORM, 200: UPLOADED_FILE },
  deleteFile: { 202: FILE_DELETION },
  beginUpload: { body: NEW_UPLOAD, 201: BEGUN_UPLOAD },
  listUploads: { 200: OPEN_UPLOADS },
  getUpload: { 200: HALF_AN_UPLOAD },
  listMissingParts: { 200: HALF_AN_UPLOAD.parts },
  completeUpload: { 201: COMPLETED_FILE },
  estimateExpert: { body: { selected_files: NEW_EXPERT.selected_files }, 200: ESTIMATE },
  createExpert: { body: NEW_EXPERT, 202: CREATED_EXPERT },
  listExperts: { 200: { items: [EXPERT], next_cursor: null } },
  getExpert: { 200: EXPERT },
  updateExpert: { body: EXPERT_EDIT, 200: EDITED_EXPERT },
  deleteExpert: { 202: DELETED_EXPERT },
  listExpertFiles: { 200: { items: EXPERT_FILES, next_cursor: null } },
  addExpertFiles: { body: { file_ids: [OTHER_FILE_ID] }, 202: QUEUED_EXPERT },
  removeExpertFile: { 202: REMOVAL },
  retryExpert: { body: { file_ids: [OTHER_FILE_ID] }, 202: RETRIED_EXPERT },
  cancelExpert: { 202: EXPERT },
  reindexExpert: { body: NEW_REINDEX, 200: REINDEX_ESTIMATE, 202: BEGUN_REINDEX },
  getReindex: { 200: SWITCHED_REINDEX },
  pauseReindex: { 202: BEGUN_REINDEX },
  resumeReindex: { 202: BEGUN_REINDEX },
  cancelReindex: { 202: BEGUN_REINDEX },
  rollBackReindex: { 202: SWITCHED_REINDEX },
  finishReindex: { 202: SWITCHED_REINDEX },
  renewCallbackSecret: { 201: { callback_secret: CALLBACK_SECRET } },
  searchExpert: { body: SEARCH, 200: SEARCH_RESULTS },
  askExpert: { body: QUESTION },
  getUsage: { 200: USAGE },
  getUserUsage: { 200: OTHER_USAGE },
  setUserQuota: { body: QUOTA, 200: OTHER_USAGE },
  createKey: { body: NEW_KEY, 201: MADE_KEY },
  listKeys: { 200: { items: [KEY], next_cursor: null } },
  getHealth: { 200: { status: 'ok' } },
  getReadiness: { 200: READY, 503: NOT_READY },
}
