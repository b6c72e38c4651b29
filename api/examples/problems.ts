import type { AnswerCode } from '../problem-answers.ts'
import { BEGUN_UPLOAD } from './files.ts'
import { EXPERT_ID, FILE_ID, KEY_ID, OTHER_FILE_ID } from './ids.ts'

type Particulars = { readonly detail?: string; readonly extra?: Readonly<Record<string, unknown>> }

/** What problems tell beside their sentence: the examples of those that have more to say. */
export const PROBLEM_EXAMPLES: { readonly [Code in AnswerCode]?: Particulars } = {
  VALIDATION_FAILED: {
    detail: 'params/id must match format "uuid".',
    extra: { errors: [{ where: 'params/id', message: 'must match format "uuid"' }] },
  },
  FILE_PART_MISSING: { detail: 'The part that came is named "document".' },
  SCOPE_MISSING: { detail: 'It takes the scope write.' },
  QUOTA_EXCEEDED: {
    detail: 'The quota of files is 1000; 1000 are used, and 1 were asked for.',
    extra: { quota: 'files', limit: 1_000, used: 1_000, asked: 1 },
  },
  FILE_IN_USE: { detail: 'It is used by "Test Expert".', extra: { experts: [{ id: EXPERT_ID, name: 'Test Expert' }] } },
  EMBEDDING_MODEL_MISMATCH: {
    detail:
      'It was made with text-embedding-3-small (1536), here all-MiniLM-L6-v2@1f2a3b4c (384) is chosen; OPENAI_API_KEY is not set.',
  },
  REINDEX_NOT_NOW: { detail: 'It has switched: roll it back instead.' },
  API_KEY_ALREADY_MADE: { extra: { id: KEY_ID } },
  UPLOAD_INCOMPLETE: { detail: '1 of 2 are missing.', extra: { missing_parts: [2] } },
  UPLOAD_COMPLETED: { extra: { file_id: FILE_ID } },
  UPLOAD_TOO_LARGE: { detail: 'The limit is 100 MB (MAX_UPLOAD_MB).', extra: { limit_bytes: 104_857_600 } },
  UNKNOWN_FILES: { extra: { file_ids: [OTHER_FILE_ID], unknown: 1 } },
  CALLBACK_URL_NOT_ALLOWED: { detail: 'It begins with http: where https: is needed.' },
  UPLOAD_MISMATCH: {
    detail: `Expected ${BEGUN_UPLOAD.size} bytes, found 19999999.`,
    extra: {
      expected: { size: BEGUN_UPLOAD.size, sha256: BEGUN_UPLOAD.sha256 },
      found: { size: 19_999_999, sha256: null },
    },
  },
  TOKEN_QUOTA_EXHAUSTED: {
    detail: '1000000 of 1000000 tokens of the day are used up.',
    extra: {
      quota: 'tokens_per_day',
      limit: 1_000_000,
      used: 1_000_000,
      renews_at: '2026-11-25T00:00:00.000Z',
      retry_after_seconds: 33_564,
    },
  },
  CHAT_NOT_CONFIGURED: { extra: { variable: 'OPENAI_API_KEY' } },
}
