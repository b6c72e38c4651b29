import { type Static, type TSchema, Type } from 'typebox'
import type { ApiKey } from '../domain/api-key.ts'
import { SCOPES } from '../domain/api-key.ts'
import { EMBEDDING_PROVIDERS } from '../domain/embedders.ts'
import type { Expert, ExpertFile } from '../domain/expert.ts'
import { FINAL_STATUSES } from '../domain/expert.ts'
import { FAILURES, STAGES } from '../domain/failure.ts'
import type { StoredFile } from '../domain/file.ts'
import type { ExpertEdit, PageOf } from '../domain/ports.ts'
import { REINDEX_STATUSES } from '../domain/reindex.ts'
import type { Prices } from '../domain/usage.ts'
import { CostSchema, toCostJson } from './cost-schemas.ts'

/* The JSON of the API: what is sent and taken, and how it is made of the domain's types. */

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
export const oneOf = <const T extends string[]>(values: readonly [...T]) => Type.Enum([...values])

/** Text without NUL, which Postgres can't keep. */
export const Text = (options: { minLength?: number; maxLength: number; description?: string; examples?: string[] }) =>
  Type.String({ ...options, pattern: '^[^\\u0000]*$' })

export const Uuid = Type.String({ format: 'uuid' })
const Timestamp = Type.String({ format: 'date-time' })
export const Count = Type.Integer({ minimum: 0 })

export const PageSchema = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next_cursor: Nullable(Type.String()) })

export const toPage = <T, U>({ items, nextCursor }: PageOf<T>, toItem: (item: T) => U) => ({
  items: items.map(toItem),
  next_cursor: nextCursor,
})

export const FileSchema = Type.Object({
  id: Uuid,
  name: Type.String(),
  original_name: Type.String(),
  size: Type.Integer({ minimum: 0, description: 'In bytes.' }),
  type: Type.String(),
  s3_url: Type.String(),
  s3_key: Type.String(),
  user_id: Uuid,
  sha256: Nullable(Type.String()),
  title: Nullable(Type.String({ description: 'As the file has it.' })),
  author: Nullable(Type.String({ description: 'As the file has it.' })),
  document_type: Nullable(Type.String({ description: 'What the file is, told by its content; docs/formats.md.' })),
  language: Nullable(Type.String({ description: 'ISO 639-1; und where it cannot be told.' })),
  word_count: Nullable(Count),
  page_count: Nullable(Count),
  processing_status: oneOf(['uploaded', 'not_stored', 'processing', 'processed', 'failed', 'deleting']),
  created_at: Timestamp,
  updated_at: Timestamp,
})

export const NotStoredFileSchema = Type.Object({ ...FileSchema.properties, warning: Type.String() })

export const toFileJson = (file: StoredFile) => ({
  id: file.id,
  name: file.name,
  original_name: file.originalName,
  size: file.size,
  type: file.type,
  s3_url: file.s3Url,
  s3_key: file.s3Key,
  user_id: file.userId,
  sha256: file.sha256,
  title: file.title,
  author: file.author,
  document_type: file.documentType,
  language: file.language,
  word_count: file.wordCount,
  page_count: file.pageCount,
  processing_status: file.processingStatus,
  created_at: file.createdAt.toISOString(),
  updated_at: file.updatedAt.toISOString(),
})

/** Damaged pages or parts, whose text is missing: at least so many, where a file breaks off. */
const PagesSkipped = Type.Integer({ minimum: 0, description: 'Damaged pages, whose text is missing.' })

const StageSchema = oneOf(STAGES)

export const SummarySchema = Type.Object({
  expert_id: Uuid,
  status: oneOf(FINAL_STATUSES),
  totals: Type.Object({
    files: Count,
    indexed: Count,
    failed: Count,
    pages: Count,
    pages_skipped: PagesSkipped,
    chunks: Count,
    tokens_embedded: Count,
    tokens_reused: Count,
  }),
  failed_files: Type.Array(
    Type.Object({
      file_id: Uuid,
      name: Type.String(),
      stage: StageSchema,
      code: Type.String(),
      message: Type.String(),
      retryable: Type.Boolean(),
      attempts: Count,
      s3_key: Type.String(),
    }),
  ),
  seconds: Type.Object({ download: Type.Number(), extract: Type.Number(), embed: Type.Number(), store: Type.Number() }),
})

export const EmbeddingsSchema = Type.Object({
  provider: oneOf(EMBEDDING_PROVIDERS),
  model: Type.String(),
  dimensions: Count,
  reason: Nullable(Type.String({ description: 'Why this model; null for experts that are older than the reasons.' })),
})

export const OpenReindexSchema = Type.Object(
  { generation: Count, status: oneOf(REINDEX_STATUSES), files: Count, built: Count, failed: Count },
  { description: 'The re-index that is under way; null where none is. GET /experts/{id}/reindex has more.' },
)

export const ExpertSchema = Type.Object({
  id: Uuid,
  name: Type.String(),
  system_prompt: Type.String(),
  voice_id: Nullable(Type.String()),
  status: oneOf(['queued', 'processing', 'paused', ...FINAL_STATUSES, 'deleting']),
  status_reason: Nullable(Type.String({ description: 'Why the expert is paused, and what to do.' })),
  progress: Type.Object({ files: Count, indexed: Count, failed: Count, pending: Count }),
  summary: Nullable(SummarySchema),
  cost: CostSchema,
  embedding_model: Type.String(),
  embeddings: EmbeddingsSchema,
  reindex: Nullable(OpenReindexSchema),
  callback_url: Nullable(Type.String({ description: 'Where each end of a pass is told; docs/webhooks.md.' })),
  workflow_id: Type.String(),
  temporal_ui_url: Type.String(),
  created_at: Timestamp,
  updated_at: Timestamp,
})

export const CallbackSecretSchema = Type.Object({
  callback_secret: Type.String({ description: 'What webhooks are signed with. No other answer has it.' }),
})

/** With the secret, where this request has made one. */
export const ExpertWithSecretSchema = Type.Object({
  ...ExpertSchema.properties,
  callback_secret: Type.Optional(CallbackSecretSchema.properties.callback_secret),
})

export const NewExpertSchema = Type.Object({
  name: Text({ minLength: 1, maxLength: 255, examples: ['Test Expert'] }),
  system_prompt: Text({ maxLength: 100_000, examples: ['You are a helpful assistant'] }),
  voice_id: Type.Optional(Nullable(Text({ maxLength: 255, examples: ['21m00Tcm4TlvDq8ikWAM'] }))),
  selected_files: Type.Array(Uuid, { minItems: 1, maxItems: 100_000, description: 'Ids of uploaded files.' }),
  callback_url: Type.Optional(
    Nullable(
      Text({
        maxLength: 2_000,
        description: 'Is sent a webhook whenever a pass has ended, or the expert pauses; https, and in the internet.',
        examples: ['https://hooks.example.org/experts'],
      }),
    ),
  ),
})

const { name, system_prompt, voice_id, callback_url } = NewExpertSchema.properties

/** A field that cannot be changed is refused rather than passed over. */
export const ExpertEditSchema = Type.Object(
  { name: Type.Optional(name), system_prompt: Type.Optional(system_prompt), voice_id, callback_url },
  { minProperties: 1, additionalProperties: false },
)

export const toExpertEdit = (edit: Static<typeof ExpertEditSchema>): ExpertEdit => ({
  ...(edit.name !== undefined && { name: edit.name }),
  ...(edit.system_prompt !== undefined && { systemPrompt: edit.system_prompt }),
  ...(edit.voice_id !== undefined && { voiceId: edit.voice_id }),
})

type ShownWith = { readonly workflowId: string; readonly uiUrl: string; readonly prices: Prices }

export const toExpertJson = (
  expert: Expert,
  { workflowId, uiUrl, prices }: ShownWith,
): Static<typeof ExpertSchema> => ({
  id: expert.id,
  name: expert.name,
  system_prompt: expert.systemPrompt,
  voice_id: expert.voiceId,
  status: expert.status,
  status_reason: expert.statusReason,
  progress: expert.progress,
  summary: expert.summary as Static<typeof SummarySchema> | null,
  cost: toCostJson(expert, prices),
  embedding_model: expert.embeddingModel,
  embeddings: {
    provider: expert.embeddingProvider,
    model: expert.embeddingModel,
    dimensions: expert.embeddingDimensions,
    reason: expert.embeddingReason,
  },
  reindex: expert.reindex,
  callback_url: expert.callbackUrl,
  workflow_id: workflowId,
  temporal_ui_url: uiUrl,
  created_at: expert.createdAt.toISOString(),
  updated_at: expert.updatedAt.toISOString(),
})

/** The workflow that removes what was asked to be removed. */
export const DeletionSchema = Type.Object({ workflow_id: Type.String(), temporal_ui_url: Type.String() })

export const ExpertFileStatusSchema = oneOf(['pending', 'processing', 'indexed', 'failed', 'cancelled', 'removing'])

export const ExpertFileSchema = Type.Object({
  file_id: Uuid,
  name: Type.String(),
  status: ExpertFileStatusSchema,
  stage: Nullable(StageSchema),
  code: Nullable(Type.String()),
  message: Nullable(Type.String()),
  retryable: Type.Boolean(),
  attempts: Count,
  s3_key: Type.String(),
  pages: Nullable(Count),
  pages_skipped: Nullable(PagesSkipped),
  chunks: Nullable(Count),
  tokens: Nullable(Count),
  updated_at: Timestamp,
})

export const toExpertFileJson = (file: ExpertFile) => ({
  file_id: file.fileId,
  name: file.name,
  status: file.status,
  stage: file.stage,
  code: file.code,
  message: file.message,
  retryable: file.code !== null && FAILURES[file.code].retryable,
  attempts: file.attempts,
  s3_key: file.s3Key,
  pages: file.pages,
  pages_skipped: file.pagesSkipped,
  chunks: file.chunks,
  tokens: file.tokens,
  updated_at: file.updatedAt.toISOString(),
})

const ScopesSchema = Type.Array(oneOf(SCOPES), { minItems: 1, uniqueItems: true })

export const ApiKeySchema = Type.Object({
  id: Uuid,
  user_id: Uuid,
  name: Type.String(),
  prefix: Type.String({ description: 'How the key begins.' }),
  scopes: ScopesSchema,
  created_at: Timestamp,
  expires_at: Nullable(Timestamp),
  revoked_at: Nullable(Timestamp),
  last_used_at: Nullable(Type.String({ format: 'date-time', description: 'To the minute.' })),
})

export const NewApiKeySchema = Type.Object({
  name: Text({ minLength: 1, maxLength: 255, description: 'What it is for.', examples: ['ci'] }),
  scopes: Type.Array(oneOf(SCOPES), {
    minItems: 1,
    uniqueItems: true,
    default: ['read', 'write'],
    description: 'read: what changes nothing; write: files and experts; admin: keys and metrics.',
  }),
  user_id: Type.Optional(
    Type.String({ format: 'uuid', description: 'Whose data it gives access to; unset: your own.' }),
  ),
  expires_at: Type.Optional(Nullable(Timestamp)),
})

export const NewApiKeyAnswer = Type.Object({
  ...ApiKeySchema.properties,
  key: Type.String({ description: 'Shown this once.' }),
})

export const toApiKeyJson = (key: ApiKey) => ({
  id: key.id,
  user_id: key.userId,
  name: key.name,
  prefix: key.prefix,
  scopes: [...key.scopes],
  created_at: key.createdAt.toISOString(),
  expires_at: key.expiresAt?.toISOString() ?? null,
  revoked_at: key.revokedAt?.toISOString() ?? null,
  last_used_at: key.lastUsedAt?.toISOString() ?? null,
})
