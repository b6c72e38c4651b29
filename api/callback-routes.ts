import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { ExpertStore } from '../domain/ports.ts'
import { newCallbackSecret } from '../domain/webhook-signature.ts'
import type { CallbackOptions } from './callbacks.ts'
import type { IdempotencyOptions } from './idempotency.ts'
import { IdempotencyHeaders, onceAsJson } from './idempotency.ts'
import { ExpertParams } from './parameters.ts'
import { Problem } from './problem.ts'
import { CallbackSecretSchema } from './schemas.ts'

export type CallbackRoutesOptions = IdempotencyOptions & CallbackOptions & { readonly experts: ExpertStore }

/** Long enough to bring the new secret to wherever signatures are verified. */
const BOTH_SIGN_FOR_MS = 86_400_000

export const callbackRoutes: FastifyPluginAsyncTypebox<CallbackRoutesOptions> = async (app, options) => {
  const { experts, callbacks, idempotency } = options

  const toMissing = async (userId: string, id: string) =>
    new Problem((await experts.findToAsk(userId, id)) ? 'CALLBACK_NOT_SET' : 'EXPERT_NOT_FOUND')

  app.route({
    method: 'POST',
    url: '/experts/:id/callback-secret',
    config: { problems: ['EXPERT_NOT_FOUND', 'CALLBACK_NOT_SET'] },
    schema: {
      operationId: 'renewCallbackSecret',
      tags: ['experts'],
      summary: "Make a new secret for an expert's webhooks",
      description:
        'For 24 hours the one before it signs as well, so that none is refused while you bring in the new one.',
      params: ExpertParams,
      headers: IdempotencyHeaders,
      response: {
        201: CallbackSecretSchema,
      },
    },
    handler: async (request, reply) => {
      const { userId, params } = request
      await onceAsJson(idempotency, request, async (id) => {
        const renewal = { id, secret: newCallbackSecret(), overlapMs: BOTH_SIGN_FOR_MS }
        const isReplaced = await callbacks.replaceSecret(userId, params.id, renewal)
        if (!isReplaced) throw await toMissing(userId, params.id)
        return { status: 201, body: null }
      })
      // Not in the answer that is kept: a repeat is shown what the expert has.
      const secret = await callbacks.secretOf(userId, params.id)
      if (secret === undefined) throw await toMissing(userId, params.id)
      return reply.status(201).send({ callback_secret: secret })
    },
  })
}
