import { ESTIMATE, QUEUED_EXPERT } from './experts.ts'
import { EXPERT_ID } from './ids.ts'

export const NEW_REINDEX = { embeddings: 'local' }

export const REINDEX_ESTIMATE = {
  ...ESTIMATE,
  amount: { from: 0, expected: 0, to: 0 },
  price_per_million_tokens: 0,
  embedding_model: 'all-MiniLM-L6-v2@1f2a3b4c',
}

const AS_CONFIGURED = { chunk_tokens: null, chunk_overlap_tokens: null }
const WORKFLOW_ID = `reindex-expert-${EXPERT_ID}-2`

export const BEGUN_REINDEX = {
  expert_id: EXPERT_ID,
  generation: 2,
  status: 'building',
  status_reason: null,
  from: { embeddings: QUEUED_EXPERT.embeddings, ...AS_CONFIGURED },
  to: {
    embeddings: {
      provider: 'local',
      model: 'all-MiniLM-L6-v2@1f2a3b4c',
      dimensions: 384,
      reason: 'asked for by a re-index',
    },
    ...AS_CONFIGURED,
  },
  is_switched: false,
  progress: { files: 2, built: 0, failed: 0, pending: 2 },
  failed_files: [],
  estimate: REINDEX_ESTIMATE,
  tokens_embedded: 0,
  tokens_reused: 0,
  workflow_id: WORKFLOW_ID,
  temporal_ui_url: `http://127.0.0.1:8233/namespaces/default/workflows/${WORKFLOW_ID}`,
  created_at: '2026-11-26T14:40:36.668Z',
  switched_at: null,
  updated_at: '2026-11-26T14:40:36.668Z',
}

export const SWITCHED_REINDEX = {
  ...BEGUN_REINDEX,
  status: 'switched',
  is_switched: true,
  progress: { files: 2, built: 2, failed: 0, pending: 0 },
  tokens_embedded: 1_904,
  switched_at: '2026-11-26T14:40:41.020Z',
  updated_at: '2026-11-26T14:40:41.020Z',
}
