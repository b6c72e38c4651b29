import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Identify } from './authentication.ts'
import type { Readiness } from './readiness.ts'
import { silence, TIME_LIMIT_MS } from './readiness.ts'

export type HealthRoutesOptions = { readonly readiness: Readiness; readonly identify: Identify }

const CheckResult = Type.Object({
  name: Type.String(),
  status: Type.Union([Type.Literal('ok'), Type.Literal('failed')]),
  detail: Type.Optional(Type.String({ description: 'For those who may know: with a key, or while none is needed.' })),
  milliseconds: Type.Number(),
})
const ReadinessSchema = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('degraded'), Type.Literal('not_ready')]),
  checks: Type.Array(CheckResult),
})
const tags = ['operations']

export const healthRoutes: FastifyPluginAsyncTypebox<HealthRoutesOptions> = async (app, { readiness, identify }) => {
  app.route({
    method: 'GET',
    url: '/healthz',
    config: { scope: 'public' },
    schema: {
      operationId: 'getHealth',
      tags,
      summary: 'Whether this process is alive',
      response: { 200: Type.Object({ status: Type.Literal('ok') }) },
    },
    handler: async () => ({ status: 'ok' as const }),
  })

  app.route({
    method: 'GET',
    url: '/readyz',
    config: { scope: 'public' },
    schema: {
      operationId: 'getReadiness',
      tags,
      summary: 'Whether all that it needs answers, with times',
      description:
        '503 where no request can be served, which takes Postgres; degraded, with 200, where another part is away. Needs no key, so that a probe can ask. What each part says of itself is told to those only who have one, or while none is needed.',
      response: { 200: ReadinessSchema, 503: ReadinessSchema },
    },
    handler: async (request, reply) => {
      const [{ status, checks }, isKnown] = await Promise.all([readiness.report(), mayKnow(identify, request)])
      const told = checks.map(({ detail, isUnasked: _, ...check }) => (isKnown ? { ...check, detail } : check))
      return reply.status(status === 'not_ready' ? 503 : 200).send({ status, checks: told })
    },
  })
}

/** Names of buckets, addresses and versions are nothing for strangers. Who cannot be looked up, the database being away, is one. */
async function mayKnow(identify: Identify, request: FastifyRequest): Promise<boolean> {
  try {
    return (await Promise.race([identify(request), silence(AbortSignal.timeout(TIME_LIMIT_MS))])) !== undefined
  } catch {
    return false
  }
}
