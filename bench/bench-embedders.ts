import { availableParallelism } from 'node:os'
import { HashingEmbedder } from '../adapters/hashing-embedder.ts'
import { LocalEmbedder } from '../adapters/local-embedder.ts'
import type { Embedder } from '../domain/ports.ts'
import { remembering } from './remembering-embedder.ts'

/** `model`: a folder, as EMBEDDING_MODEL_PATH; `packages`: where @huggingface/transformers is; `cache`: where vectors are kept; `only`: the name of one. */
type EmbedderOptions = {
  readonly model?: string | undefined
  readonly packages?: string | undefined
  readonly cache?: string | undefined
  readonly only?: string | undefined
}

export const EMBEDDER_OPTIONS = {
  model: { type: 'string' },
  packages: { type: 'string' },
  cache: { type: 'string' },
  only: { type: 'string' },
} as const

/** `fresh`: without what was kept of an earlier run. */
type BenchEmbedder = {
  readonly name: string
  readonly embedder: Embedder
  readonly fresh: Embedder
  readonly close: () => Promise<void>
}

const DIMENSIONS = 1_024

/** By the names of their providers: `hashing`, and `local` where a model is given. */
export async function benchEmbedders({ only, ...options }: EmbedderOptions): Promise<BenchEmbedder[]> {
  return (await allOf(options)).filter(({ name }) => only === undefined || name === only)
}

async function allOf({ model, packages, cache }: EmbedderOptions): Promise<BenchEmbedder[]> {
  const hashing = new HashingEmbedder({ dimensions: DIMENSIONS })
  const always = { name: 'hashing', embedder: hashing, fresh: hashing, close: async () => undefined }
  if (!model || !packages) return [always]
  const local = await LocalEmbedder.open({ modelPath: model, packageDir: packages, threads: availableParallelism() })
  const embedder = cache ? remembering(local, cache) : local
  return [always, { name: 'local', embedder, fresh: local, close: () => local.close() }]
}
