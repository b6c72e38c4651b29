import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { SearchPorts } from './expert-search.ts'
import { searchExpert } from './expert-search.ts'
import { expertToAsk } from './expert-to-ask.ts'
import { ExpertParams } from './parameters.ts'
import { SEARCH_PROBLEMS } from './problem-answers.ts'
import { SearchQuerySchema, SearchResultsSchema, toSearchRequest, toSearchResultJson } from './search-schemas.ts'

export type SearchRoutesOptions = SearchPorts

export const searchRoutes: FastifyPluginAsyncTypebox<SearchRoutesOptions> = async (app, ports) => {
  app.route({
    method: 'POST',
    url: '/experts/:id/search',
    config: { scope: 'read', problems: ['EXPERT_NOT_FOUND', 'EXPERT_BEING_DELETED', ...SEARCH_PROBLEMS] },
    schema: {
      operationId: 'searchExpert',
      tags: ['asking'],
      summary: "Search an expert's knowledge base",
      description:
        'Passages of the files that are indexed, best first, with where they stand. Works while files are still being processed.',
      params: ExpertParams,
      body: SearchQuerySchema,
      response: {
        200: SearchResultsSchema,
      },
    },
    handler: async (request) => {
      const expert = await expertToAsk(ports.experts, request.userId, request.params.id)
      const passages = await searchExpert(ports, expert, toSearchRequest(request.body))
      return { results: passages.map(toSearchResultJson) }
    },
  })
}
