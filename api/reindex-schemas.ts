import { type Static, Type } from 'typebox'
import { EMBEDDING_PROVIDERS } from '../domain/embedders.ts'
import { STAGES } from '../domain/failure.ts'
import type { Making, Reindex } from '../domain/reindex.ts'
import { REINDEX_STATUSES } from '../domain/reindex.ts'
import { EstimateSchema } from './cost-schemas.ts'
import { Count, EmbeddingsSchema, Nullable, oneOf, Text, Uuid } from './schemas.ts'

const Timestamp = Type.String({ format: 'date-time' })

/** What is left out is as a new expert would have it. */
export const NewReindexSchema = Type.Object(
  {
    embeddings: Type.Optional({
      ...oneOf(EMBEDDING_PROVIDERS),
      description: 'Whose embeddings; left out: those that new experts get.',
    }),
    model: Type.Optional(Text({ minLength: 1, maxLength: 255, description: 'Left out: the one that is configured.' })),
    dimensions: Type.Optional(
      Type.Integer({ minimum: 8, maximum: 4_096, description: 'Of the vectors; left out: as configured.' }),
    ),
    chunk_tokens: Type.Optional(
      Type.Integer({
        minimum: 32,
        maximum: 8_192,
        description: 'The most tokens of a chunk; left out: as configured.',
      }),
    ),
    chunk_overlap_tokens: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 4_096, description: 'That a chunk repeats of the one before it.' }),
    ),
    dry_run: Type.Optional(Type.Boolean({ description: 'Only estimate: nothing is begun.' })),
    force: Type.Optional(Type.Boolean({ description: 'Also where model and chunks are what the expert has.' })),
  },
  { additionalProperties: false },
)

const MakingSchema = Type.Object({
  embeddings: EmbeddingsSchema,
  chunk_tokens: Nullable(Type.Integer({ minimum: 0, description: 'null: as configured.' })),
  chunk_overlap_tokens: Nullable(Count),
})

export const ReindexSchema = Type.Object({
  expert_id: Uuid,
  generation: Type.Integer({ minimum: 1, description: 'Of the vectors that it makes.' }),
  status: {
    ...oneOf(REINDEX_STATUSES),
    description:
      'building, verifying, and paused: the old vectors serve. switched: the new ones do, and the old ones are kept for ROLLBACK_WINDOW. rolling_back: they are made complete. cleaning: what lost is removed. done, rolled_back, cancelled: how it ended.',
  },
  status_reason: Nullable(Type.String({ description: 'Why it is paused.' })),
  from: MakingSchema,
  to: MakingSchema,
  is_switched: Type.Boolean({ description: 'Whether the new vectors serve.' }),
  progress: Type.Object(
    { files: Count, built: Count, failed: Count, pending: Count },
    { description: 'Of the files that are indexed in what serves: those that are in the vectors beside it, too.' },
  ),
  failed_files: Type.Array(
    Type.Object({
      file_id: Uuid,
      name: Type.String(),
      stage: oneOf(STAGES),
      code: Type.String(),
      message: Type.String(),
      retryable: Type.Boolean(),
      attempts: Count,
    }),
    { description: 'The first two hundred. They are indexed in what serves.' },
  ),
  estimate: EstimateSchema,
  tokens_embedded: Type.Integer({ minimum: 0, description: 'Of the files that are built so far.' }),
  tokens_reused: Count,
  workflow_id: Type.String(),
  temporal_ui_url: Type.String(),
  created_at: Timestamp,
  switched_at: Nullable(Timestamp),
  updated_at: Timestamp,
})

type ShownWith = { readonly workflowId: string; readonly uiUrl: string }

export const toReindexJson = (reindex: Reindex, { workflowId, uiUrl }: ShownWith): Static<typeof ReindexSchema> => ({
  expert_id: reindex.expertId,
  generation: reindex.generation,
  status: reindex.status,
  status_reason: reindex.statusReason,
  from: toMakingJson(reindex.from),
  to: toMakingJson(reindex.to),
  is_switched: reindex.isSwitched,
  progress: reindex.progress,
  failed_files: [...reindex.failedFiles],
  estimate: reindex.estimate as Static<typeof EstimateSchema>,
  tokens_embedded: reindex.tokensEmbedded,
  tokens_reused: reindex.tokensReused,
  workflow_id: workflowId,
  temporal_ui_url: uiUrl,
  created_at: reindex.createdAt.toISOString(),
  switched_at: reindex.switchedAt?.toISOString() ?? null,
  updated_at: reindex.updatedAt.toISOString(),
})

const toMakingJson = ({ provider, model, dimensions, reason, chunking }: Making) => ({
  embeddings: { provider, model, dimensions, reason },
  chunk_tokens: chunking?.maxTokens ?? null,
  chunk_overlap_tokens: chunking?.overlapTokens ?? null,
})
