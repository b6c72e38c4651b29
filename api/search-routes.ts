import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Expert } from '../domain/expert.ts'
import { vectorNamespace } from '../domain/keys.ts'
import type { Embedder, ExpertStore, VectorMatch, VectorStore } from '../domain/ports.ts'
import type { UsageStore } from '../domain/usage.ts'
import { Problem } from './problem.ts'
import { ProblemAnswer, SearchQuerySchema, SearchResultsSchema, Uuid } from './schemas.ts'

export type SearchRoutesOptions = {
  readonly experts: ExpertStore
  readonly embedder: Embedder
  readonly vectors: VectorStore
  readonly usage: UsageStore
}

export const searchRoutes: FastifyPluginAsyncTypebox<SearchRoutesOptions> = async (
  app,
  { experts, embedder, vectors, usage },
) => {
  app.route({
    method: 'POST',
    url: '/experts/:id/search',
    config: { scope: 'read' },
    schema: {
      tags: ['experts'],
      summary: "Search an expert's knowledge base",
      description:
        'Passages of the files that are indexed, best first, with where they stand. Works while files are still being processed.',
      params: Type.Object({ id: Uuid }),
      body: SearchQuerySchema,
      response: {
        200: SearchResultsSchema,
        400: ProblemAnswer,
        404: ProblemAnswer,
        409: ProblemAnswer,
        413: ProblemAnswer,
        415: ProblemAnswer,
        502: ProblemAnswer,
        503: ProblemAnswer,
      },
    },
    handler: async (request) => {
      const { query, top_k: topK, min_score: minScore = -1, file_ids: fileIds } = request.body
      const expert = await experts.find(request.userId, request.params.id)
      if (!expert) throw new Problem('EXPERT_NOT_FOUND')
      checkModel(expert, embedder)
      const [vector] = await embedder.embed([query])
      if (!vector) throw new Error('the embedder returned no vector')
      await usage.countSearch(request.userId, embedder.model, embedder.countTokens(query))
      const matches = await vectors.query(vectorNamespace(expert.id, expert.generation), vector, { topK, fileIds })
      const names = await experts.indexedFileNames(expert.userId, expert.id, [
        ...new Set(matches.map(({ fileId }) => fileId)),
      ])
      return { results: matches.filter(({ score }) => score >= minScore).flatMap((match) => cite(match, names)) }
    },
  })
}

/** A match of a file that is not indexed (any more) is no result: its vectors are about to be removed. */
function cite({ fileId, chunk, score }: VectorMatch, names: ReadonlyMap<string, string>) {
  const name = names.get(fileId)
  if (name === undefined) return []
  return [
    {
      text: chunk.text,
      score,
      file_id: fileId,
      file_name: name,
      page_start: chunk.pageStart,
      page_end: chunk.pageEnd,
      heading_path: [...chunk.headingPath],
      chunk_index: chunk.index,
      start_offset: chunk.startOffset,
      end_offset: chunk.endOffset,
    },
  ]
}

function checkModel({ embeddingModel, embeddingDimensions }: Expert, { model, dimensions }: Embedder): void {
  if (embeddingModel === model && embeddingDimensions === dimensions) return
  throw new Problem('EMBEDDING_MODEL_MISMATCH', {
    detail: `The expert: ${embeddingModel} (${embeddingDimensions}); configured: ${model} (${dimensions}).`,
  })
}
