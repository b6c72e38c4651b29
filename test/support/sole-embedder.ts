import type { Embedders } from '../../domain/embedders.ts'
import { providerOf } from '../../domain/embedders.ts'
import type { Embedder } from '../../domain/ports.ts'

/** Embedders of which there is but one, whatever is asked for. */
export const soleEmbedder = (embedder: Embedder): Embedders => ({
  chosen: embedder,
  provider: providerOf(embedder.model),
  reason: 'there is no other',
  of: () => embedder,
  by: () => embedder,
  close: async () => undefined,
})
