import type { MetricMeter } from '@temporalio/common'
import type { ApiConfig, ChatConfig, EmbedderConfig, ObjectStoreConfig, VectorStoreConfig } from '../config.ts'
import { chunkerVersion } from '../domain/chunking.ts'
import type { DirectUploads } from '../domain/direct-upload.ts'
import type { ExpectedRecipe, Readers } from '../domain/estimate.ts'
import { recipeName } from '../domain/keys.ts'
import type { ChatModel, Embedder, ObjectStore, RateLimit, VectorStore } from '../domain/ports.ts'
import { CoalescingEmbedder } from './coalescing-embedder.ts'
import { DiskObjectStore } from './disk-object-store.ts'
import { maxBytes } from './extraction/limits.ts'
import { extractionVersion } from './extraction/version.ts'
import { HashingEmbedder } from './hashing-embedder.ts'
import { LanceDbVectorStore } from './lancedb-vector-store.ts'
import { MeteredEmbedder } from './metered-embedder.ts'
import { OpenAiChatModel } from './openai-chat-model.ts'
import { OpenAiEmbedder } from './openai-embedder.ts'
import { PineconeVectorStore } from './pinecone-vector-store.ts'
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

export function createEmbedder(config: EmbedderConfig): Embedder {
  switch (config.kind) {
    case 'openai':
      return new OpenAiEmbedder(config)
    case 'hashing':
      return new HashingEmbedder(config)
  }
}

/** As workers use it: requests to a service are shared by files, and wait for their turn; with a meter they are counted. */
export function createBulkEmbedder(config: EmbedderConfig, rateLimit: RateLimit, meter?: MetricMeter): Embedder {
  const plain = createEmbedder(config)
  const embedder = meter ? new MeteredEmbedder(plain, meter) : plain
  if (config.kind === 'hashing') return embedder
  return new CoalescingEmbedder(embedder, { rateLimit, concurrency: config.requestsAtOnce ?? 1 })
}

/** Services count per model. */
export function embeddingLimits(config: EmbedderConfig): RateLimitOptions {
  if (config.kind === 'hashing') return { name: 'hashing', requestsPerMinute: undefined, tokensPerMinute: undefined }
  const { model, requestsPerMinute, tokensPerMinute } = config
  return { name: `embedding:${model}`, requestsPerMinute, tokensPerMinute }
}

export const createChatModel = (config: ChatConfig): ChatModel => new OpenAiChatModel(config)

/** `isInUse`: whether vectors of this embedder are known to have been stored, so that an index that is missing is not made. `onUpkeepFailure`: of what is tried again. */
export function createVectorStore(
  config: VectorStoreConfig,
  { dimensions }: Pick<Embedder, 'dimensions'>,
  isInUse: () => Promise<boolean>,
  onUpkeepFailure?: (error: unknown) => void,
): VectorStore {
  switch (config.kind) {
    case 'pinecone':
      return new PineconeVectorStore({ ...config, dimensions, isInUse })
    case 'lancedb':
      return new LanceDbVectorStore({ ...config, dimensions, onUpkeepFailure })
  }
}

/** What workers of the same configuration can read. */
export const readersOf = (extraction: ApiConfig['extraction']): Readers => ({
  largestBytes: maxBytes(extraction),
  readsPictures: extraction.ocr !== undefined,
})

/** How workers of the same configuration embed. */
export const recipeOf = (
  { extraction, chunking }: Pick<ApiConfig, 'extraction' | 'chunking'>,
  { model, dimensions }: Pick<Embedder, 'model' | 'dimensions'>,
): ExpectedRecipe => {
  const extractorVersion = versionOf(extraction)
  const recipe = { chunkerVersion: chunkerVersion(chunking), model, dimensions }
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
export function cautions(objects: ObjectStoreConfig, embedder: EmbedderConfig): string[] {
  return [
    ...(objects.kind === 'unconfigured'
      ? [
          `⚠️ S3 is not configured (${objects.missing.join(', ')} not set): uploads are answered with a placeholder and their bytes are not kept`,
        ]
      : []),
    ...(embedder.kind === 'hashing'
      ? [
          '⚠️ Embeddings are lexical (hashing): search finds the same words, not the same meaning. Set OPENAI_API_KEY for semantic search',
        ]
      : []),
  ]
}
