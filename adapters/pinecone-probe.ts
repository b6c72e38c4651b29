import { Errors, Pinecone } from '@pinecone-database/pinecone'
import type { VectorStoreConfig } from '../config.ts'

export type PineconeIndex = {
  readonly dimension: number | undefined
  readonly metric: string | undefined
  readonly isReady: boolean
}

/**
 * The index as Pinecone describes it, or undefined where there is none of that name; makes nothing.
 * @throws what the client throws: its `name` says whether the key was refused
 */
export async function describePineconeIndex(
  { apiKey, index, controllerHost }: Extract<VectorStoreConfig, { kind: 'pinecone' }>,
  signal: AbortSignal,
): Promise<PineconeIndex | undefined> {
  const client = new Pinecone({
    apiKey,
    ...(controllerHost && { controllerHostUrl: controllerHost }),
    maxRetries: 0,
    fetchApi: (url, init) => fetch(url, { ...init, signal }),
  })
  try {
    const { dimension, metric, status } = await client.indexes.describe(index)
    return { dimension, metric, isReady: status.ready }
  } catch (error) {
    if (error instanceof Errors.PineconeNotFoundError) return undefined
    throw error
  }
}
