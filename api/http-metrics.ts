import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { Counter, Gauge, Histogram } from 'prom-client'
import { routeOf } from './request-log.ts'
import { whenOver } from './when-over.ts'

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Counts and times requests: by route, never by path, so that there are as many series as routes. */
export function measureRequests(app: FastifyInstance, registry: Registry): void {
  const registers = [registry]
  const duration = new Histogram({
    registers,
    name: 'expertsmith_http_request_duration_seconds',
    help: 'Requests by method, route and status: how many, and how long they took.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
  })
  const problems = new Counter({
    registers,
    name: 'expertsmith_http_problems_total',
    help: 'Requests that were answered with an error, by its code; TOO_MANY_REQUESTS are those that limits refused.',
    labelNames: ['code'],
  })
  const inFlight = new Gauge({
    registers,
    name: 'expertsmith_http_requests_in_flight',
    help: 'Requests that are being answered, open event streams included.',
  })
  app.addHook('onRequest', async () => inFlight.inc())
  whenOver(app, (request, { status, milliseconds }) => {
    inFlight.dec()
    const method = METHODS.has(request.method) ? request.method : 'OTHER'
    duration.observe({ method, route: routeOf(request), status }, milliseconds / 1_000)
    if (request.problem) problems.inc({ code: request.problem })
  })
}
