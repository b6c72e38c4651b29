import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { newSecret } from '../domain/api-key.ts'
import type { ApiKeyStore } from '../domain/ports.ts'
import { Problem } from './problem.ts'
import {
  ApiKeySchema,
  NewApiKeyAnswer,
  NewApiKeySchema,
  PageQuery,
  PageSchema,
  ProblemAnswer,
  toApiKeyJson,
  toPage,
  Uuid,
} from './schemas.ts'

export type KeyRoutesOptions = { readonly keys: ApiKeyStore }

const tags = ['operations']
const config = { scope: 'admin' } as const
const errors = { 400: ProblemAnswer, 401: ProblemAnswer, 403: ProblemAnswer, 503: ProblemAnswer }

export const keyRoutes: FastifyPluginAsyncTypebox<KeyRoutesOptions> = async (app, { keys }) => {
  app.route({
    method: 'POST',
    url: '/keys',
    config,
    schema: {
      tags,
      summary: 'Make an API key',
      description:
        'The key is in this answer and nowhere else: only its hash is kept. From the first key on every request needs one.',
      body: NewApiKeySchema,
      response: { 201: NewApiKeyAnswer, 409: ProblemAnswer, 413: ProblemAnswer, 415: ProblemAnswer, ...errors },
    },
    handler: async (request, reply) => {
      const { name, scopes, user_id: userId = request.userId, expires_at: expires = null } = request.body
      // From then on nobody could make another.
      if (request.principal.key === undefined && !scopes.includes('admin')) throw new Problem('FIRST_KEY_NEEDS_ADMIN')
      const expiresAt = expires === null ? null : new Date(expires)
      if (expiresAt && expiresAt <= new Date())
        throw new Problem('VALIDATION_FAILED', { detail: `body/expires_at ${expires} is over.` })
      const { key, ...secret } = newSecret()
      const made = await keys.insert({ id: randomUUID(), userId, name, scopes, expiresAt, ...secret })
      return reply
        .status(201)
        .header('location', `/keys/${made.id}`)
        .send({ ...toApiKeyJson(made), key })
    },
  })

  app.route({
    method: 'GET',
    url: '/keys',
    config,
    schema: {
      tags,
      summary: 'List API keys of all users, newest first',
      querystring: PageQuery,
      response: { 200: PageSchema(ApiKeySchema), ...errors },
    },
    handler: async (request) => toPage(await keys.list(request.query), toApiKeyJson),
  })

  app.route({
    method: 'DELETE',
    url: '/keys/:id',
    config,
    schema: {
      tags,
      summary: 'Revoke an API key',
      description: 'From now on. Revoking it again changes nothing.',
      params: Type.Object({ id: Uuid }),
      response: { 204: Type.Null(), 404: ProblemAnswer, ...errors },
    },
    handler: async (request, reply) => {
      if (!(await keys.revoke(request.params.id))) throw new Problem('KEY_NOT_FOUND')
      return reply.status(204).send(null)
    },
  })
}
