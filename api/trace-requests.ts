import type { FastifyInstance } from 'fastify'
import type { RequestTracing, TracedRequest } from '../domain/request-tracing.ts'
import { routeOf } from './request-log.ts'
import { whenOver } from './when-over.ts'

declare module 'fastify' {
  interface FastifyRequest {
    trace: TracedRequest | undefined
  }
}

export type TraceRequestsOptions = {
  readonly tracing: RequestTracing
  /** Whether callers may say which trace their requests belong to, and so whether they are sampled: not strangers. */
  readonly trustsCallers: boolean
}

/** Follows each request, from its first byte to its answer. */
export function traceRequests(app: FastifyInstance, { tracing, trustsCallers }: TraceRequestsOptions): void {
  app.decorateRequest('trace', undefined)
  app.addHook('onRequest', (request, _reply, done) => {
    const { traceparent } = request.headers
    request.trace = tracing.begin({
      method: request.method,
      route: routeOf(request),
      requestId: request.id,
      ...(trustsCallers && typeof traceparent === 'string' && { traceparent }),
    })
    request.trace.run(done)
  })
  // Where a body was read, what comes next was called by the socket, and knows of no request.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.trace) request.trace.run(done)
    else done()
  })
  whenOver(app, ({ trace, problem, userId }, { status }) => trace?.end({ status, code: problem, userId }))
}
