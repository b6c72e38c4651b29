import { Pinecone } from '@pinecone-database/pinecone'
import type { VectorStoreConfig } from '../config.ts'
import { isNamedAfter } from './pinecone-indexes.ts'

export type PineconeIndex = {
  readonly name: string
  readonly dimension: number | undefined
  readonly metric: string | undefined
  readonly isReady: boolean
}

/**
 * The indexes that have the configured name, or one made of it, whatever length they have, as Pinecone lists them; makes nothing.
 * @throws what the client throws: its `name` says whether the key was refused
 */
export async function listPineconeIndexes(
  { apiKey, index, controllerHost }: Extract<VectorStoreConfig, { kind: 'pinecone' }>,
  signal: AbortSignal,
): Promise<PineconeIndex[]> {
  const client = new Pinecone({
    apiKey,
    ...(controllerHost && { controllerHostUrl: controllerHost }),
    maxRetries: 0,
    fetchApi: (url, init) => fetch(url, { ...init, signal }),
  })
  const { indexes = [] } = await client.indexes.list()
  return indexes
    .filter(({ name }) => isNamedAfter(index, name))
    .map(({ name, dimension, metric, status }) => ({ name, dimension, metric, isReady: status.ready }))
}
