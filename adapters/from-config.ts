import type { MetricMeter } from '@temporalio/common'
import type {
  ApiConfig,
  ChatConfig,
  EmbeddingsConfig,
  ObjectStoreConfig,
  OpenAiEmbeddingsConfig,
  VectorStoreConfig,
} from '../config.ts'
import { chunkerVersion } from '../domain/chunking.ts'
import type { DirectUploads } from '../domain/direct-upload.ts'
import type { ExpectedRecipe, Readers } from '../domain/estimate.ts'
import { fitChunking } from '../domain/fit-chunking.ts'
import { recipeName } from '../domain/keys.ts'
import type { ChatModel, Embedder, ObjectStore, RateLimit, VectorStore } from '../domain/ports.ts'
import { CoalescingEmbedder } from './coalescing-embedder.ts'
import { DiskObjectStore } from './disk-object-store.ts'
import type { WrapEmbedder } from './embedders.ts'
import { maxBytes } from './extraction/limits.ts'
import { extractionVersion } from './extraction/version.ts'
import { LanceDbVectorStore } from './lancedb-vector-store.ts'
import { MeteredEmbedder } from './metered-embedder.ts'
import { OpenAiChatModel } from './openai-chat-model.ts'
import { PineconeIndexes } from './pinecone-indexes.ts'
import type { RateLimitOptions } from './postgres-rate-limit.ts'
import { S3DirectUploads } from './s3-direct-uploads.ts'
import { S3ObjectStore } from './s3-object-store.ts'
import { UnconfiguredObjectStore } from './unconfigured-object-store.ts'

/* Which implementation the configuration asks for. Called by the `main.ts` of each process and by the operator's commands, and by nothing else. */

export function createObjectStore(config: ObjectStoreConfig): ObjectStore {
  switch (config.kind) {
    case 's3':
      return new S3ObjectStore(config)
    case 'disk':
      return new DiskObjectStore(config)
    case 'unconfigured':
      return new UnconfiguredObjectStore(config)
  }
}

/** Undefined where clients cannot reach the store. */
export const createDirectUploads = (config: ObjectStoreConfig): DirectUploads | undefined =>
  config.kind === 's3' ? new S3DirectUploads(config) : undefined

type BulkOptions = {
  readonly limit: (options: RateLimitOptions) => RateLimit
  /** With one, requests are counted. */
  readonly meter?: MetricMeter
}

/** As workers use embedders: requests to a service are shared by files, and wait for their turn. */
export const inBulk =
  ({ openai }: EmbeddingsConfig, { limit, meter }: BulkOptions): WrapEmbedder =>
  (plain, provider) => {
    const embedder = meter ? new MeteredEmbedder(plain, meter) : plain
    if (provider !== 'openai' || !openai) return embedder
    const rateLimit = limit(embeddingLimits(openai, plain.model))
    return new CoalescingEmbedder(embedder, { rateLimit, concurrency: openai.requestsAtOnce ?? 1 })
  }

/** Services count per model. */
const embeddingLimits = (
  { requestsPerMinute, tokensPerMinute }: OpenAiEmbeddingsConfig,
  model: string,
): RateLimitOptions => ({ name: `embedding:${model}`, requestsPerMinute, tokensPerMinute })

export const createChatModel = (config: ChatConfig): ChatModel => new OpenAiChatModel(config)

/**
 * `dimensions`: of new experts. `isInUse`: whether vectors of so many are known to have been stored, so that an index that is missing
 * is not made. `onUpkeepFailure`: of what is tried again.
 */
export function createVectorStore(
  config: VectorStoreConfig,
  { dimensions }: Pick<Embedder, 'dimensions'>,
  isInUse: (dimensions: number) => Promise<boolean>,
  onUpkeepFailure?: (error: unknown) => void,
): VectorStore {
  switch (config.kind) {
    case 'pinecone':
      return new PineconeIndexes({ ...config, dimensions, isInUse })
    case 'lancedb':
      return new LanceDbVectorStore({ ...config, onUpkeepFailure })
  }
}

/** What workers of the same configuration can read. */
export const readersOf = (extraction: ApiConfig['extraction']): Readers => ({
  largestBytes: maxBytes(extraction),
  readsPictures: extraction.ocr !== undefined,
})

/** How workers of the same configuration embed the files of new experts. */
export const recipeOf = (
  { extraction, chunking }: Pick<ApiConfig, 'extraction' | 'chunking'>,
  { model, dimensions, limits }: Pick<Embedder, 'model' | 'dimensions' | 'limits'>,
): ExpectedRecipe => {
  const extractorVersion = versionOf(extraction)
  const recipe = { chunkerVersion: chunkerVersion(fitChunking(chunking, limits)), model, dimensions }
  return { model, dimensions, name: extractorVersion && recipeName({ ...recipe, extractorVersion }) }
}

/** Undefined where the data that workers recognise pictures by is not here. */
function versionOf(extraction: ApiConfig['extraction']): string | undefined {
  try {
    return extractionVersion(extraction)
  } catch {
    return undefined
  }
}

/** What a person should know of the chosen parts before they rely on them; for the log at the start. */
export function cautions(objects: ObjectStoreConfig, { provider }: Pick<EmbeddingsConfig, 'provider'>): string[] {
  return [
    ...(objects.kind === 'unconfigured'
      ? [
          `⚠️ S3 is not configured (${objects.missing.join(', ')} not set): uploads are answered with a placeholder and their bytes are not kept`,
        ]
      : []),
    ...(provider === 'hashing'
      ? [
          '⚠️ Embeddings are lexical (hashing): search finds the same words, not the same meaning. Run npm run setup:local, or set OPENAI_API_KEY, for semantic search',
        ]
      : []),
  ]
}
