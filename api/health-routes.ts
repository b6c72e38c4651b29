import { once } from 'node:events'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

/** Resolves with a short description where the part works; throws with the reason where it doesn't. */
export type HealthCheck = {
  readonly name: string
  readonly check: (signal: AbortSignal) => Promise<string>
  /** Whether requests can be answered without it. */
  readonly optional?: boolean
}

const TIME_LIMIT_MS = 4_000

const CheckResult = Type.Object({
  name: Type.String(),
  status: Type.Union([Type.Literal('ok'), Type.Literal('failed')]),
  detail: Type.String(),
  milliseconds: Type.Number(),
})
const Readiness = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('degraded'), Type.Literal('not_ready')]),
  checks: Type.Array(CheckResult),
})
const tags = ['operations']

export const healthRoutes: FastifyPluginAsyncTypebox<{ checks: readonly HealthCheck[] }> = async (app, { checks }) => {
  app.route({
    method: 'GET',
    url: '/healthz',
    config: { scope: 'public' },
    schema: {
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
      tags,
      summary: 'Whether all that it needs answers, with times',
      response: { 200: Readiness, 503: Readiness },
    },
    handler: async (_request, reply) => {
      const results = await Promise.all(checks.map(run))
      const failed = checks.filter((_, i) => results[i]?.status === 'failed')
      const notReady = failed.some(({ optional }) => !optional)
      const status = notReady ? 'not_ready' : failed.length > 0 ? 'degraded' : 'ready'
      return reply.status(notReady ? 503 : 200).send({ status, checks: results })
    },
  })
}

async function run({ name, check }: HealthCheck) {
  const start = performance.now()
  const [status, detail] = await outcome(check)
  return { name, status, detail, milliseconds: Math.round(performance.now() - start) }
}

async function outcome(check: HealthCheck['check']): Promise<['ok' | 'failed', string]> {
  const signal = AbortSignal.timeout(TIME_LIMIT_MS)
  try {
    return ['ok', await Promise.race([check(signal), silence(signal)])]
  } catch (error) {
    return ['failed', error instanceof Error ? error.message : String(error)]
  }
}

/** A check may be deaf to its signal: whatever it waits for, the answer does not wait with it. */
async function silence(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort')
  throw new Error(`no answer within ${TIME_LIMIT_MS / 1_000} s`)
}
