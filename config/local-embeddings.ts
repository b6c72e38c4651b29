import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import envPaths from 'env-paths'
import type { Reader } from './reader.ts'

export type LocalEmbeddingsConfig = {
  /** Where @huggingface/transformers is installed. */
  readonly packageDir: string
  /** A folder with config.json, tokenizer.json, tokenizer_config.json and onnx/. */
  readonly modelPath: string
  /** Models are kept here, as `<owner>/<name>`: that of `modelPath`, as a rule, and others that older experts may have. */
  readonly modelsDir: string
  /** Threads of one process, one text each at a time. */
  readonly threads: number
}

type HubModel = { readonly repository: string; readonly revision: string }

export type LocalSetupConfig = LocalEmbeddingsConfig & {
  /** Whether EMBEDDING_MODEL_PATH names a folder, so that nothing is to be fetched. */
  readonly hasOwnModel: boolean
  /** What is fetched where no other model is asked for. */
  readonly usualModel: HubModel
  readonly hubUrl: string
}

/** By commit: what is fetched is the same tomorrow. */
const USUAL: HubModel = {
  repository: 'Xenova/all-MiniLM-L6-v2',
  revision: '751bff37182d3f1213fa05d7196b954e230abad9',
}

/** Where `setup local` puts things, for all checkouts of a user. */
const place = (from: Reader) =>
  from.path('LOCAL_EMBEDDINGS_DIR', join(envPaths('expertsmith', { suffix: '' }).cache, 'local-embeddings'))

export const localEmbeddings = (from: Reader): LocalEmbeddingsConfig => ({
  packageDir: join(place(from), 'package'),
  modelPath: from.path('EMBEDDING_MODEL_PATH', join(place(from), 'models', USUAL.repository)),
  modelsDir: join(place(from), 'models'),
  threads: from.integer('EMBEDDING_THREADS', availableParallelism(), { min: 1, max: 256 }),
})

export const localSetup = (from: Reader): LocalSetupConfig => ({
  ...localEmbeddings(from),
  hasOwnModel: from.optional('EMBEDDING_MODEL_PATH') !== undefined,
  usualModel: USUAL,
  hubUrl: from.url('HF_ENDPOINT') ?? 'https://huggingface.co',
})
