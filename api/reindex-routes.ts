import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import type { ChunkSizes } from '../domain/chunking.ts'
import type { Embedders } from '../domain/embedders.ts'
import type { EstimateStore, ExpectedRecipe, Readers } from '../domain/estimate.ts'
import { estimate } from '../domain/estimate.ts'
import type { Expert } from '../domain/expert.ts'
import type { Embedder, ExpertStore } from '../domain/ports.ts'
import type { Making, Reindex, ReindexStore } from '../domain/reindex.ts'
import { makingOf } from '../domain/reindex.ts'
import type { Prices, UsageStore } from '../domain/usage.ts'
import { priceOf } from '../domain/usage.ts'
import { reindexExpertId } from '../workflows/contract.ts'
import { EstimateSchema } from './cost-schemas.ts'
import { toEstimateJson } from './estimate-routes.ts'
import type { ExpertRuns } from './expert-runs.ts'
import type { IdempotencyOptions } from './idempotency.ts'
import { answerWith, IdempotencyHeaders, onceAsJson } from './idempotency.ts'
import { ExpertParams } from './parameters.ts'
import { Problem } from './problem.ts'
import type { ReindexAction } from './reindex-actions.ts'
import { checkAction, REINDEX_ACTIONS } from './reindex-actions.ts'
import { NewReindexSchema, ReindexSchema, toReindexJson } from './reindex-schemas.ts'

export type ReindexRoutesOptions = IdempotencyOptions & {
  readonly experts: ExpertStore
  readonly reindexes: ReindexStore
  readonly runs: ExpertRuns
  readonly embedders: Embedders
  readonly usage: UsageStore
  readonly estimates: EstimateStore
  readonly readers: Readers
  readonly prices: Prices
  /** Of experts that have none of their own. */
  readonly chunking: ChunkSizes
  /** How workers embed with these. */
  readonly recipeFor: (embedder: Embedder, chunking: ChunkSizes) => ExpectedRecipe
}

type NewReindex = Static<typeof NewReindexSchema>
type Plan = { readonly to: Making; readonly estimate: Static<typeof EstimateSchema>; readonly isNeeded: boolean }

const tags = ['experts']

export const reindexRoutes: FastifyPluginAsyncTypebox<ReindexRoutesOptions> = async (app, options) => {
  const { experts, reindexes, runs, idempotency, usage } = options

  const findExpert = async (userId: string, expertId: string): Promise<Expert> => {
    const expert = await experts.find(userId, expertId)
    if (!expert) throw new Problem('EXPERT_NOT_FOUND')
    return expert
  }

  const findReindex = async (userId: string, expertId: string): Promise<Reindex> => {
    const reindex = await reindexes.find(userId, (await findExpert(userId, expertId)).id)
    if (!reindex) throw new Problem('REINDEX_NOT_FOUND')
    return reindex
  }

  const toJson = (reindex: Reindex) => {
    const workflowId = reindexExpertId(reindex)
    return toReindexJson(reindex, { workflowId, uiUrl: runs.urlOf(workflowId) })
  }

  const begin = async (expert: Expert, requestId: string, body: NewReindex): Promise<Reindex> => {
    await usage.checkTokens(expert.userId)
    const { to, estimate, isNeeded } = await plan(options, expert, body)
    if (expert.reindex) {
      // Its run may have been lost; starting what runs changes nothing.
      await runs.reindex(expert, expert.reindex.generation)
      throw new Problem('REINDEX_UNDER_WAY')
    }
    if (!isNeeded && !body.force) throw new Problem('REINDEX_NOT_NEEDED')
    const begun = await reindexes.begin(expert.userId, expert.id, { requestId, to, estimate })
    if (begun === 'gone') throw new Problem('EXPERT_BEING_DELETED')
    if (begun === 'under way') throw new Problem('REINDEX_UNDER_WAY')
    await runs.reindex(expert, begun.generation).catch(async (error: unknown) => {
      await reindexes.discard(expert.userId, expert.id, begun.generation)
      throw error
    })
    return begun
  }

  /** One that was begun by a request that did not come to its end; starting what runs already changes nothing. */
  const resume = async (expert: Expert, requestId: string): Promise<Reindex | undefined> => {
    const reindex = await reindexes.findByRequest(expert.userId, requestId)
    if (reindex?.status === 'building') await runs.reindex(expert, reindex.generation)
    return reindex
  }

  app.route({
    method: 'POST',
    url: '/experts/:id/reindex',
    config: {
      problems: [
        'EXPERT_NOT_FOUND',
        'EXPERT_BEING_DELETED',
        'REINDEX_UNDER_WAY',
        'REINDEX_NOT_NEEDED',
        'EMBEDDING_MODEL_MISMATCH',
        'TOKEN_QUOTA_EXHAUSTED',
        'TEMPORAL_UNAVAILABLE',
      ],
    },
    schema: {
      operationId: 'reindexExpert',
      tags,
      summary: 'Give an expert another embedding model, or other chunks',
      description:
        'The new vectors are built beside the old ones, which serve until the new ones are complete and verified; docs/reindex.md. With dry_run the answer is the estimate only, and nothing is begun.',
      params: ExpertParams,
      headers: IdempotencyHeaders,
      body: Type.Optional(Type.Union([NewReindexSchema, Type.Null()])),
      response: { 200: EstimateSchema, 202: ReindexSchema },
    },
    handler: async (request, reply) => {
      const { userId, params } = request
      const body = request.body ?? {}
      const expert = await findExpert(userId, params.id)
      if (expert.status === 'deleting') throw new Problem('EXPERT_BEING_DELETED')
      if (body.dry_run) return reply.status(200).send((await plan(options, expert, body)).estimate)
      const answer = await onceAsJson(idempotency, request, async (id, isResumed) => {
        const reindex = (isResumed && (await resume(expert, id))) || (await begin(expert, id, body))
        return { status: 202, location: `/experts/${expert.id}/reindex`, body: toJson(reindex) }
      })
      return answerWith(reply, answer)
    },
  })

  app.route({
    method: 'GET',
    url: '/experts/:id/reindex',
    config: { problems: ['EXPERT_NOT_FOUND', 'REINDEX_NOT_FOUND'] },
    schema: {
      operationId: 'getReindex',
      tags,
      summary: "Get an expert's latest re-index: how far it is, or how it ended",
      params: ExpertParams,
      response: { 200: ReindexSchema },
    },
    handler: async ({ userId, params }) => toJson(await findReindex(userId, params.id)),
  })

  for (const action of Object.keys(REINDEX_ACTIONS) as ReindexAction[]) {
    const { signal, ...described } = REINDEX_ACTIONS[action]
    app.route({
      method: 'POST',
      url: `/experts/:id/reindex/${action}`,
      config: {
        problems: ['EXPERT_NOT_FOUND', 'REINDEX_NOT_FOUND', 'REINDEX_NOT_NOW', 'TEMPORAL_UNAVAILABLE'],
      },
      schema: { ...described, tags, params: ExpertParams, response: { 202: ReindexSchema } },
      handler: async ({ userId, params }, reply) => {
        const reindex = await findReindex(userId, params.id)
        const expert = await findExpert(userId, params.id)
        if (checkAction(action, reindex)) await runs.askReindex(expert, reindex.generation, signal)
        return reply.status(202).send(toJson(await findReindex(userId, params.id)))
      },
    })
  }
}

/** What would be made, and what that will take. @throws Failure EMBEDDING_MODEL_MISMATCH */
async function plan(options: ReindexRoutesOptions, expert: Expert, body: NewReindex): Promise<Plan> {
  const { embedders, reindexes, estimates, readers, prices } = options
  const provider = body.embeddings ?? embedders.provider
  const embedder = embedders.by(provider, { model: body.model, dimensions: body.dimensions })
  const chunking = sizesIn(body, options.chunking)
  const reason = isAsked(body) ? 'asked for by a re-index' : embedders.reason
  const to = { provider, model: embedder.model, dimensions: embedder.dimensions, reason, chunking }
  const recipe = options.recipeFor(embedder, chunking ?? options.chunking)
  const fileIds = await reindexes.fileIds(expert.userId, expert.id)
  const facts = await estimates.facts(expert.userId, fileIds, recipe)
  const isAlike = isSame(makingOf(expert), to, options.chunking)
  const isNeeded = !isAlike || !(await reindexes.hasRecipe(expert.userId, expert.id, recipe.name))
  return { to, estimate: toEstimateJson(estimate(facts, readers), to.model, priceOf(prices, to.model)), isNeeded }
}

const isAsked = ({ embeddings, model, dimensions }: NewReindex) =>
  embeddings !== undefined || model !== undefined || dimensions !== undefined

/** Null where none is asked for. */
function sizesIn({ chunk_tokens, chunk_overlap_tokens }: NewReindex, configured: ChunkSizes): ChunkSizes | null {
  if (chunk_tokens === undefined && chunk_overlap_tokens === undefined) return null
  return {
    maxTokens: chunk_tokens ?? configured.maxTokens,
    overlapTokens: chunk_overlap_tokens ?? configured.overlapTokens,
  }
}

function isSame(from: Making, to: Making, configured: ChunkSizes): boolean {
  const [old, wanted] = [from.chunking ?? configured, to.chunking ?? configured]
  return (
    from.model === to.model &&
    from.dimensions === to.dimensions &&
    old.maxTokens === wanted.maxTokens &&
    old.overlapTokens === wanted.overlapTokens
  )
}
