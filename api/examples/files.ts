import { FAILURES } from '../../domain/failure.ts'
import { FILE_ID, OTHER_FILE_ID, UPLOAD_ID, USER_ID } from './ids.ts'

const SHA256 = '4bda341d32c4f70cca8f817dd8a0b382ce5267f486f5bbc2566c1737dc6d9382'
const S3_KEY = `uploads/${USER_ID}/${FILE_ID}/f355a0d3-f72d-432f-8482-e9ce87b48384`

/** As it is answered once it was uploaded. */
export const UPLOADED_FILE = {
  id: FILE_ID,
  name: 'test.pdf',
  original_name: 'test.pdf',
  size: 12_050,
  type: 'application/pdf',
  s3_url: `https://your-bucket-name.s3.us-east-1.amazonaws.com/${S3_KEY}`,
  s3_key: S3_KEY,
  user_id: USER_ID,
  sha256: SHA256,
  title: null,
  author: null,
  document_type: null,
  language: null,
  word_count: null,
  page_count: null,
  processing_status: 'uploaded',
  created_at: '2026-11-24T14:40:36.640Z',
  updated_at: '2026-11-24T14:40:36.640Z',
}

/** Once an expert has it. */
export const PROCESSED_FILE = {
  ...UPLOADED_FILE,
  title: 'S200 Echo Sounder',
  author: 'Harbourlight Marine Instruments',
  document_type: 'pdf',
  language: 'en',
  word_count: 412,
  page_count: 6,
  processing_status: 'processed',
  updated_at: '2026-11-24T14:40:37.212Z',
}

export const NOT_STORED_FILE = {
  ...UPLOADED_FILE,
  s3_url: `temp://not-stored/${FILE_ID}`,
  sha256: null,
  processing_status: 'not_stored',
  warning: `The bytes of this file were not kept: ${FAILURES.STORAGE_UNAVAILABLE.sentence} Once that is mended, send them again with PUT /knowledge-base/files/${FILE_ID}/content.`,
}

export const FILE_FORM = { file: 'The blanking distance of the transducer is 0.45 metres at 200 kHz.' }

export const FILE_DELETION = {
  workflow_id: `delete-file-${FILE_ID}`,
  temporal_ui_url: `http://127.0.0.1:8233/namespaces/default/workflows/delete-file-${FILE_ID}`,
}

export const NEW_UPLOAD = { original_name: 'test.pdf', size: 20_000_000, type: 'application/pdf', sha256: SHA256 }

const PART_BYTES = 16_777_216
const UPLOAD_KEY = `uploads/${USER_ID}/${UPLOAD_ID}/0d4f4f8e-21c5-4f0a-a6c9-5b7c1f8e9a02`

const partAt = (index: number) => ({
  part_number: index + 1,
  offset: index * PART_BYTES,
  size: Math.min(PART_BYTES, NEW_UPLOAD.size - index * PART_BYTES),
  method: 'PUT',
  url: `https://your-bucket-name.s3.us-east-1.amazonaws.com/${UPLOAD_KEY}?partNumber=${index + 1}&uploadId=…&X-Amz-Signature=…`,
  headers: { 'content-length': String(Math.min(PART_BYTES, NEW_UPLOAD.size - index * PART_BYTES)) },
  expires_at: '2026-11-24T15:40:36.640Z',
})

export const BEGUN_UPLOAD = {
  id: UPLOAD_ID,
  ...NEW_UPLOAD,
  status: 'open',
  part_size: PART_BYTES,
  part_count: 2,
  received_parts: 0,
  received_bytes: 0,
  file_id: null,
  parts: { items: [partAt(0), partAt(1)], next_cursor: null },
  created_at: '2026-11-24T14:40:36.640Z',
  expires_at: '2026-11-25T14:40:36.640Z',
}

const MISSING_PARTS = { items: [partAt(1)], next_cursor: null }

/** The first of its parts has come. */
export const HALF_AN_UPLOAD = {
  ...BEGUN_UPLOAD,
  received_parts: 1,
  received_bytes: PART_BYTES,
  parts: MISSING_PARTS,
}

const {
  received_parts: _parts,
  received_bytes: _bytes,
  file_id: _file,
  parts: _missing,
  ...OPEN_UPLOAD
} = HALF_AN_UPLOAD

export const OPEN_UPLOADS = { items: [OPEN_UPLOAD], next_cursor: null }

export const COMPLETED_FILE = { ...UPLOADED_FILE, id: UPLOAD_ID, size: NEW_UPLOAD.size, s3_key: UPLOAD_KEY }

export const FAILED_FILE = {
  file_id: OTHER_FILE_ID,
  name: 'broken.pdf',
  stage: 'extract',
  code: 'CORRUPT',
  message: FAILURES.CORRUPT.sentence,
  retryable: false,
  attempts: 1,
  s3_key: `uploads/${USER_ID}/${OTHER_FILE_ID}/b0a7c1d4-5c3e-4e47-9f36-6d1b6a8c2e75`,
}
