import type { EmbeddingProvider } from '../domain/embedders.ts'
import { Failure } from '../domain/failure.ts'
import type { LastCall } from '../domain/last-call.ts'
import type { Embedder } from '../domain/ports.ts'

/** Notes how each call ends. A text that is refused is the text's fault; a call that is cancelled tells nothing. */
export const watchedEmbedder = (embedder: Embedder, last: LastCall): Embedder => ({
  model: embedder.model,
  isSemantic: embedder.isSemantic,
  dimensions: embedder.dimensions,
  limits: embedder.limits,
  countTokens: (text) => embedder.countTokens(text),
  async embed(texts, options) {
    try {
      const vectors = await embedder.embed(texts, options)
      last.note()
      return vectors
    } catch (error) {
      if (error instanceof Failure) last.note(error.code === 'EMBEDDING_REJECTED' ? undefined : error.code)
      throw error
    }
  },
})

/** Only that of new experts tells whether the service is well: an older model may be gone for good. */
export const watchingChosen =
  (last: LastCall) =>
  (embedder: Embedder, _provider: EmbeddingProvider, isChosen: boolean): Embedder =>
    isChosen ? watchedEmbedder(embedder, last) : embedder
