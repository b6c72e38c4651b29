import { FAILED_FILE, PROCESSED_FILE } from './files.ts'
import { EXPERT_ID, FILE_ID, OTHER_FILE_ID } from './ids.ts'

const webUiOf = (workflowId: string) => ({
  workflow_id: workflowId,
  temporal_ui_url: `http://127.0.0.1:8233/namespaces/default/workflows/${workflowId}`,
})

export const CALLBACK_SECRET = 'whsec_ZXhhbXBsZS1leGFtcGxlLWV4YW1wbGUtZXhhbXBsZQ=='

export const NEW_EXPERT = {
  name: 'Test Expert',
  system_prompt: 'You are a helpful assistant',
  voice_id: '21m00Tcm4TlvDq8ikWAM',
  selected_files: [FILE_ID, OTHER_FILE_ID],
  callback_url: 'https://hooks.example.org/experts',
}

const { selected_files: _, ...said } = NEW_EXPERT

export const QUEUED_EXPERT = {
  id: EXPERT_ID,
  ...said,
  status: 'queued',
  status_reason: null,
  progress: { files: 2, indexed: 0, failed: 0, pending: 2 },
  summary: null,
  cost: {
    tokens_embedded: 0,
    tokens_reused: 0,
    chats: { prompt_tokens: 0, completion_tokens: 0, amount: 0 },
    currency: 'USD',
    amount: 0,
    embedding_amount: 0,
    price_per_million_tokens: 0.02,
  },
  embedding_model: 'text-embedding-3-small',
  reindex: null,
  embeddings: {
    provider: 'openai',
    model: 'text-embedding-3-small',
    dimensions: 1_536,
    reason: 'EMBEDDINGS is not set, OPENAI_API_KEY is',
  },
  ...webUiOf(`expert-${EXPERT_ID}`),
  created_at: '2026-11-24T14:40:36.668Z',
  updated_at: '2026-11-24T14:40:36.668Z',
}

export const CREATED_EXPERT = { ...QUEUED_EXPERT, callback_secret: CALLBACK_SECRET }

export const SUMMARY = {
  expert_id: EXPERT_ID,
  status: 'partially_ready',
  totals: {
    files: 2,
    indexed: 1,
    failed: 1,
    pages: 6,
    pages_skipped: 0,
    chunks: 6,
    tokens_embedded: 1_250,
    tokens_reused: 0,
  },
  failed_files: [FAILED_FILE],
  seconds: { download: 0.04, extract: 0.31, embed: 0.52, store: 0.08 },
}

export const EXPERT = {
  ...QUEUED_EXPERT,
  status: 'partially_ready',
  progress: { files: 2, indexed: 1, failed: 1, pending: 0 },
  summary: SUMMARY,
  cost: {
    ...QUEUED_EXPERT.cost,
    tokens_embedded: 1_250,
    amount: 0.000025,
    embedding_amount: 0.000025,
  },
  updated_at: '2026-11-24T14:40:37.655Z',
}

export const EXPERT_EDIT = {
  name: 'Echo sounders',
  system_prompt: 'You know all about the S200 and answer in one sentence.',
}
export const EDITED_EXPERT = { ...EXPERT, ...EXPERT_EDIT }
export const RETRIED_EXPERT = {
  ...EXPERT,
  status: 'queued',
  progress: { files: 2, indexed: 1, failed: 0, pending: 1 },
  summary: null,
}
export const DELETED_EXPERT = { ...EXPERT, status: 'deleting', ...webUiOf(`delete-expert-${EXPERT_ID}`) }
export const REMOVAL = webUiOf('remove-files-3e2f4f5c-8a55-4b52-b5c1-9f5f0b0d7c11')

const INDEXED_FILE = {
  file_id: FILE_ID,
  name: 'test.pdf',
  status: 'indexed',
  stage: null,
  code: null,
  message: null,
  retryable: false,
  attempts: 1,
  s3_key: PROCESSED_FILE.s3_key,
  pages: 6,
  pages_skipped: 0,
  chunks: 6,
  tokens: 1_250,
  updated_at: '2026-11-24T14:40:37.212Z',
}

export const EXPERT_FILES = [
  INDEXED_FILE,
  {
    ...INDEXED_FILE,
    ...FAILED_FILE,
    status: 'failed',
    pages: null,
    pages_skipped: null,
    chunks: null,
    tokens: null,
  },
]

export const ESTIMATE = {
  files: 2,
  bytes: 24_100,
  tokens: { from: 820, expected: 1_900, to: 6_400 },
  tokens_reused: 0,
  currency: 'USD',
  amount: { from: 0.0000164, expected: 0.000038, to: 0.000128 },
  price_per_million_tokens: 0.02,
  embedding_model: 'text-embedding-3-small',
  warnings: [{ file_id: OTHER_FILE_ID, name: FAILED_FILE.name, code: FAILED_FILE.code, message: FAILED_FILE.message }],
  warnings_total: 1,
}
