import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { SearchPorts } from './expert-search.ts'
import { searchExpert } from './expert-search.ts'
import { Problem } from './problem.ts'
import { ProblemAnswer, Uuid } from './schemas.ts'
import { SearchQuerySchema, SearchResultsSchema, toSearchRequest, toSearchResultJson } from './search-schemas.ts'

export type SearchRoutesOptions = SearchPorts

export const searchRoutes: FastifyPluginAsyncTypebox<SearchRoutesOptions> = async (app, ports) => {
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
      const expert = await ports.experts.find(request.userId, request.params.id)
      if (!expert) throw new Problem('EXPERT_NOT_FOUND')
      const passages = await searchExpert(ports, expert, toSearchRequest(request.body))
      return { results: passages.map(toSearchResultJson) }
    },
  })
}
