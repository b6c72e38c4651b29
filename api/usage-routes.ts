import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import type { Usage, UsageStore } from '../domain/usage.ts'
import { CURRENCY, QuotaSchema, UsageSchema } from './cost-schemas.ts'
import { UserParams } from './parameters.ts'

export type UsageRoutesOptions = { readonly usage: UsageStore }

const tags = ['cost']
const admin = { scope: 'admin' } as const
const Days = Type.Object({
  days: Type.Integer({ minimum: 1, maximum: 366, default: 31, description: 'Today included.', examples: [7] }),
})
const response = { 200: UsageSchema }

export const usageRoutes: FastifyPluginAsyncTypebox<UsageRoutesOptions> = async (app, { usage }) => {
  app.route({
    method: 'GET',
    url: '/usage',
    schema: {
      operationId: 'getUsage',
      tags,
      summary: 'Get what you have and use, and your limits',
      description: 'Files, bytes, and the tokens of embeddings and chats, by day, model and purpose. docs/cost.md',
      querystring: Days,
      response,
    },
    handler: async ({ userId, query }) => toUsageJson(userId, await usage.of(userId, query.days)),
  })

  app.route({
    method: 'GET',
    url: '/users/:id/usage',
    config: admin,
    schema: {
      operationId: 'getUserUsage',
      tags,
      summary: 'Get what a user has and uses, and the limits',
      params: UserParams,
      querystring: Days,
      response,
    },
    handler: async ({ params, query }) => toUsageJson(params.id, await usage.of(params.id, query.days)),
  })

  app.route({
    method: 'PUT',
    url: '/users/:id/quota',
    config: admin,
    schema: {
      operationId: 'setUserQuota',
      tags,
      summary: "Set a user's limits",
      description:
        'In place of those that were set before. What is left out is as configured; null has no limit. Less than is used takes nothing away, but nothing more is taken.',
      params: UserParams,
      body: QuotaSchema,
      response,
    },
    handler: async ({ params, body }) => {
      const { tokens_per_day: tokensPerDay, ...space } = body
      await usage.override(params.id, { ...space, ...(tokensPerDay !== undefined && { tokensPerDay }) })
      return toUsageJson(params.id, await usage.of(params.id, 1))
    },
  })
}

const toUsageJson = (
  userId: string,
  { files, bytes, openUploads, quota, tokensToday, renewsAt, days }: Usage,
): Static<typeof UsageSchema> => ({
  user_id: userId,
  files: { used: files, limit: quota.files ?? null },
  bytes: { used: bytes, limit: quota.bytes ?? null },
  open_uploads: openUploads,
  tokens_today: { used: tokensToday, limit: quota.tokensPerDay ?? null, renews_at: renewsAt.toISOString() },
  currency: CURRENCY,
  days: days.map(({ completionTokens, ...day }) => ({ ...day, completion_tokens: completionTokens })),
})
