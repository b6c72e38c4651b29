import { KEY_ID, OTHER_USER_ID, USER_ID } from './ids.ts'

/* What operators and admins are answered. */

export const NEW_KEY = {
  name: 'ci',
  scopes: ['read', 'write'],
  user_id: USER_ID,
  expires_at: '2030-01-01T00:00:00.000Z',
}

export const KEY = {
  id: KEY_ID,
  ...NEW_KEY,
  prefix: 'esk_this-is-',
  created_at: '2026-11-24T14:40:36.640Z',
  revoked_at: null,
  last_used_at: '2026-11-24T15:02:00.000Z',
}

export const MADE_KEY = { ...KEY, last_used_at: null, key: 'esk_this-is-an-example-it-opens-no-installation' }

export const USAGE = {
  user_id: USER_ID,
  files: { used: 2, limit: 1_000 },
  bytes: { used: 24_100, limit: null },
  open_uploads: { files: 1, bytes: 104_857_600 },
  tokens_today: { used: 1_262, limit: 1_000_000, renews_at: '2026-11-25T00:00:00.000Z' },
  currency: 'USD',
  days: [
    {
      day: '2026-11-24',
      model: 'text-embedding-3-small',
      purpose: 'files',
      tokens: 1_250,
      completion_tokens: 0,
      amount: 0.000025,
    },
    {
      day: '2026-11-24',
      model: 'text-embedding-3-small',
      purpose: 'searches',
      tokens: 12,
      completion_tokens: 0,
      amount: 0.00000024,
    },
  ],
}

export const QUOTA = { files: 1_000, bytes: null }
export const OTHER_USAGE = {
  ...USAGE,
  user_id: OTHER_USER_ID,
  files: { used: 0, limit: 1_000 },
  bytes: { used: 0, limit: null },
  open_uploads: { files: 0, bytes: 0 },
  tokens_today: { ...USAGE.tokens_today, used: 0 },
  days: [],
}

const CHECKS = [
  { name: 'postgres', status: 'ok', detail: 'answers', milliseconds: 2 },
  { name: 'temporal', status: 'ok', detail: 'namespace default', milliseconds: 5 },
  { name: 'object store', status: 'ok', detail: 'S3', milliseconds: 14 },
]

export const READY = { status: 'ready', checks: CHECKS }
export const NOT_READY = {
  status: 'not_ready',
  checks: [
    { name: 'postgres', status: 'failed', detail: 'no answer within 4 s', milliseconds: 4_000 },
    ...CHECKS.slice(1),
  ],
}

export const METRICS = `# HELP expertsmith_http_requests_in_flight Requests that are being answered, open event streams included.
# TYPE expertsmith_http_requests_in_flight gauge
expertsmith_http_requests_in_flight 1
`
