import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import envPaths from 'env-paths'
import type { Reader } from './reader.ts'

export type LocalEmbeddingsConfig = {
  /** Where `setup local` puts the package and models. */
  readonly dir: string
  /** Where @huggingface/transformers is installed. */
  readonly packageDir: string
  /** A folder with config.json, tokenizer.json and onnx/. */
  readonly modelPath: string
  /** Whether EMBEDDING_MODEL_PATH names it: then nothing is fetched. */
  readonly isOwnModel: boolean
  /** Threads of one process, one text each at a time. */
  readonly threads: number
}

/** As it lies below `models`, and as the hub knows it. */
const DEFAULT_MODEL = 'Xenova/all-MiniLM-L6-v2'

export function localEmbeddings(from: Reader): LocalEmbeddingsConfig {
  const dir = from.path('LOCAL_EMBEDDINGS_DIR', join(envPaths('expertsmith', { suffix: '' }).cache, 'local-embeddings'))
  return {
    dir,
    packageDir: join(dir, 'package'),
    modelPath: from.path('EMBEDDING_MODEL_PATH', join(dir, 'models', DEFAULT_MODEL)),
    isOwnModel: from.optional('EMBEDDING_MODEL_PATH') !== undefined,
    threads: from.integer('EMBEDDING_THREADS', availableParallelism(), { min: 1, max: 256 }),
  }
}
