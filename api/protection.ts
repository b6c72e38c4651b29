import fastifyCors from '@fastify/cors'
import fastifyHelmet from '@fastify/helmet'
import fastifyRateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import type { AuthenticationOptions, Identify } from './authentication.ts'
import { authenticate } from './authentication.ts'
import { Problem } from './problem.ts'

export type ProtectionOptions = AuthenticationOptions & {
  /** Of one key. */
  readonly requestsPerMinute: number
  /** Pages that may call the API from a browser, such as `https://app.example.org`. */
  readonly corsOrigins: readonly string[]
  /** Whether the address of a client is what a proxy says. */
  readonly trustProxy: boolean
  readonly requestTimeoutMs: number
}

/** What stands before every route: who asks, how often, from which pages, and what browsers may do with the answer. */
export async function protect(app: FastifyInstance, options: ProtectionOptions): Promise<Identify> {
  await app.register(fastifyHelmet, { contentSecurityPolicy: { directives: { ...SELF_ONLY } }, hsts: false })
  await app.register(fastifyCors, {
    origin: [...options.corsOrigins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['etag', 'location', 'retry-after', 'x-request-id'],
  })
  await app.register(fastifyRateLimit, {
    max: options.requestsPerMinute,
    timeWindow: '1 minute',
    // After it is known whose request it is.
    hook: 'preValidation',
    keyGenerator: ({ principal, ip }) => principal?.key ?? ip,
    // Who needs no key sits at this machine.
    allowList: ({ principal }) => principal !== null && principal.key === undefined,
    errorResponseBuilder: () => new Problem('TOO_MANY_REQUESTS'),
  })
  return authenticate(app, options)
}

/** The page of documentation brings scripts and styles of its own, and nothing from elsewhere. */
const SELF_ONLY = {
  defaultSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  // TLS is the proxy's; without one the page would ask for its scripts in vain.
  upgradeInsecureRequests: null,
}
