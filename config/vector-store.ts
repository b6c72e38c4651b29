import { join } from 'node:path'
import type { Reader } from './reader.ts'

export type VectorStoreConfig =
  | { readonly kind: 'lancedb'; readonly dir: string }
  | {
      readonly kind: 'pinecone'
      readonly apiKey: string
      readonly index: string
      readonly cloud: string
      readonly region: string
      readonly controllerHost: string | undefined
    }

export function vectorStore(from: Reader, dataDir: string): VectorStoreConfig {
  const apiKey = from.optional('PINECONE_API_KEY')
  if (from.oneOf('VECTOR_STORE', ['lancedb', 'pinecone'], apiKey ? 'pinecone' : 'lancedb') === 'lancedb')
    return { kind: 'lancedb', dir: from.path('LANCEDB_DIR', join(dataDir, 'vectors')) }
  if (!apiKey) from.missing('PINECONE_API_KEY', 'pcsk_…')
  return {
    kind: 'pinecone',
    apiKey: apiKey ?? '',
    index: from.text('PINECONE_INDEX', 'expertsmith'),
    cloud: from.text('PINECONE_CLOUD', 'aws'),
    region: from.text('PINECONE_REGION', 'us-east-1'),
    controllerHost: from.url('PINECONE_CONTROLLER_HOST'),
  }
}
