import type { ChunkingOptions } from '../domain/chunking.ts'
import type { Embedder, FileStore, ObjectStore, RunStore, TextExtractor, VectorStore } from '../domain/ports.ts'
import type { Staging } from './staging.ts'

/** Everything that activities need of the world; a worker's `main.ts` puts it together. */
export type Ports = {
  readonly objects: ObjectStore
  readonly extractor: TextExtractor
  readonly embedder: Embedder
  readonly vectors: VectorStore
  readonly files: FileStore
  readonly runs: RunStore
  readonly staging: Staging
  readonly chunking: Omit<ChunkingOptions, 'countTokens'>
  readonly settings: {
    /** How long a stage of a file is tried before the file is failed. */
    readonly retryBudgetMs: number
    /** How long an expert with failed files waits for a retry. */
    readonly retryWindowMs: number
  }
}
