import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { newSecret } from '../domain/api-key.ts'
import type { ApiKeyStore } from '../domain/ports.ts'
import type { IdempotencyOptions } from './idempotency.ts'
import { answerWith, IdempotencyHeaders, onceAsJson } from './idempotency.ts'
import { KeyParams, PageQuery } from './parameters.ts'
import { Problem } from './problem.ts'
import { ApiKeySchema, NewApiKeyAnswer, NewApiKeySchema, PageSchema, toApiKeyJson, toPage } from './schemas.ts'

export type KeyRoutesOptions = IdempotencyOptions & { readonly keys: ApiKeyStore }

const tags = ['keys']
const config = { scope: 'admin' } as const

export const keyRoutes: FastifyPluginAsyncTypebox<KeyRoutesOptions> = async (app, { keys, idempotency }) => {
  app.route({
    method: 'POST',
    url: '/keys',
    config: { ...config, problems: ['FIRST_KEY_NEEDS_ADMIN', 'API_KEY_ALREADY_MADE'] },
    schema: {
      operationId: 'createKey',
      tags,
      summary: 'Make an API key',
      description:
        'The key is in this answer and nowhere else: only its hash is kept. From the first key on every request needs one.',
      headers: IdempotencyHeaders,
      body: NewApiKeySchema,
      response: {
        201: NewApiKeyAnswer,
      },
    },
    handler: async (request, reply) => {
      const { name, scopes, user_id: userId = request.userId, expires_at: expires = null } = request.body
      // From then on nobody could make another.
      if (request.principal.key === undefined && !scopes.includes('admin')) throw new Problem('FIRST_KEY_NEEDS_ADMIN')
      const expiresAt = expires === null ? null : new Date(expires)
      if (expiresAt && expiresAt <= new Date())
        throw new Problem('VALIDATION_FAILED', { detail: `body/expires_at ${expires} is over.` })
      const answer = await onceAsJson(idempotency, request, async (id) => {
        const { key, ...secret } = newSecret()
        const made = await keys.insert({ id, userId, name, scopes, expiresAt, ...secret })
        // The key itself is written down nowhere, so a repeat cannot have it.
        const kept = { id }
        return { status: 201, location: `/keys/${id}`, kept, body: made ? { ...toApiKeyJson(made), key } : kept }
      })
      if (!isWithKey(answer.body)) throw new Problem('API_KEY_ALREADY_MADE', { extra: answer.body as { id: string } })
      return answerWith(reply, answer)
    },
  })

  app.route({
    method: 'GET',
    url: '/keys',
    config,
    schema: {
      operationId: 'listKeys',
      tags,
      summary: 'List API keys of all users, newest first',
      querystring: PageQuery,
      response: { 200: PageSchema(ApiKeySchema) },
    },
    handler: async (request) => toPage(await keys.list(request.query), toApiKeyJson),
  })

  app.route({
    method: 'DELETE',
    url: '/keys/:id',
    config: { ...config, problems: ['KEY_NOT_FOUND'] },
    schema: {
      operationId: 'revokeKey',
      tags,
      summary: 'Revoke an API key',
      description: 'From now on. Revoking it again changes nothing.',
      params: KeyParams,
      response: { 204: Type.Null() },
    },
    handler: async (request, reply) => {
      if (!(await keys.revoke(request.params.id))) throw new Problem('KEY_NOT_FOUND')
      return reply.status(204).send(null)
    },
  })
}

const isWithKey = (body: unknown) => typeof body === 'object' && body !== null && 'key' in body
