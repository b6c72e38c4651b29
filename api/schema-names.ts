import { ChatAnswerSchema, ChatRequestSchema, CitationSchema } from './chat-schemas.ts'
import { CostSchema, EstimateSchema, QuotaSchema, UsageSchema } from './cost-schemas.ts'
import { DirectUploadSchema, NewDirectUploadSchema, PartsSchema } from './direct-upload-schemas.ts'
import { NewReindexSchema, ReindexSchema } from './reindex-schemas.ts'
import {
  ApiKeySchema,
  CallbackSecretSchema,
  DeletionSchema,
  EmbeddingsSchema,
  ExpertEditSchema,
  ExpertFileSchema,
  ExpertSchema,
  ExpertWithSecretSchema,
  FileSchema,
  NewApiKeyAnswer,
  NewApiKeySchema,
  NewExpertSchema,
  NotStoredFileSchema,
  OpenReindexSchema,
  SummarySchema,
} from './schemas.ts'
import { SearchQuerySchema, SearchResultsSchema } from './search-schemas.ts'

/** What the types are called in clients that are generated. */
const NAMES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [FileSchema, 'File'],
  [NotStoredFileSchema, 'NotStoredFile'],
  [NewDirectUploadSchema, 'NewDirectUpload'],
  [DirectUploadSchema, 'DirectUpload'],
  [PartsSchema, 'MissingParts'],
  [NewExpertSchema, 'NewExpert'],
  [ExpertEditSchema, 'ExpertEdit'],
  [ExpertSchema, 'Expert'],
  [ExpertWithSecretSchema, 'ExpertWithSecret'],
  [ExpertFileSchema, 'ExpertFile'],
  [SummarySchema, 'Summary'],
  [EmbeddingsSchema, 'Embeddings'],
  [CallbackSecretSchema, 'CallbackSecret'],
  [DeletionSchema, 'Deletion'],
  [SearchQuerySchema, 'SearchQuery'],
  [SearchResultsSchema, 'SearchResults'],
  [ChatRequestSchema, 'ChatRequest'],
  [ChatAnswerSchema, 'ChatAnswer'],
  [CitationSchema, 'Citation'],
  [EstimateSchema, 'Estimate'],
  [CostSchema, 'Cost'],
  [NewReindexSchema, 'NewReindex'],
  [ReindexSchema, 'Reindex'],
  [OpenReindexSchema, 'OpenReindex'],
  [UsageSchema, 'Usage'],
  [QuotaSchema, 'Quota'],
  [NewApiKeySchema, 'NewApiKey'],
  [ApiKeySchema, 'ApiKey'],
  [NewApiKeyAnswer, 'MadeApiKey'],
])

/** A copy with titles on all schemas that have a name, however deep they are. */
export function withTitles<T>(schema: T): T {
  if (typeof schema !== 'object' || schema === null) return schema
  if (Array.isArray(schema)) return schema.map(withTitles) as T
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withTitles(value)]))
  const title = NAMES.get(schema)
  return (title === undefined ? copy : { ...copy, title }) as T
}
