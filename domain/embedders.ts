import type { Expert } from './expert.ts'
import type { Embedder } from './ports.ts'

export const EMBEDDING_PROVIDERS = ['openai', 'local', 'hashing'] as const
export type EmbeddingProvider = (typeof EMBEDDING_PROVIDERS)[number]

export type ModelOfExpert = Pick<Expert, 'embeddingModel' | 'embeddingDimensions'>

/** What is not given is as configured. */
export type WantedModel = { readonly model?: string | undefined; readonly dimensions?: number | undefined }

/** The embedders of a process: an expert keeps the model that it was made with, whatever is chosen for new ones. */
export interface Embedders {
  /** For new experts. */
  readonly chosen: Embedder
  readonly provider: EmbeddingProvider
  /** Why it was chosen, as a person reads it: "EMBEDDINGS is not set, OPENAI_API_KEY is". */
  readonly reason: string
  /**
   * The one that the expert was made with.
   * @throws Failure EMBEDDING_MODEL_MISMATCH where it is not available here: with both models, why, and the way out
   */
  of(expert: ModelOfExpert): Embedder
  /** For a re-index. @throws Failure EMBEDDING_MODEL_MISMATCH where it is not available here, saying how to set it up */
  by(provider: EmbeddingProvider, wanted?: WantedModel): Embedder
  close(): Promise<void>
}

/** How names of local models end, `all-MiniLM-L6-v2@1f2a3b4c`: of one name there may be several exports, whose vectors differ. */
export const LOCAL_ENDING = '@[0-9a-f]{8}$'
const LOCAL = new RegExp(LOCAL_ENDING)

/** Whose a model is, by its name. */
export function providerOf(model: string): EmbeddingProvider {
  if (model.startsWith('hashing-')) return 'hashing'
  return LOCAL.test(model) ? 'local' : 'openai'
}
