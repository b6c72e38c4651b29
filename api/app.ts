import fastifyMultipart from '@fastify/multipart'
import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Ajv } from 'ajv'
import ajvFormats from 'ajv-formats'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { fastify, LogController } from 'fastify'
import type { RequestTracing } from '../domain/request-tracing.ts'
import { AllowedMethods } from './allowed-methods.ts'
import type { CallbackRoutesOptions } from './callback-routes.ts'
import { callbackRoutes } from './callback-routes.ts'
import type { ChatRoutesOptions } from './chat-routes.ts'
import { chatRoutes } from './chat-routes.ts'
import { ClientErrors } from './client-error.ts'
import { closeConnectionsAtTheEnd } from './close-connections.ts'
import type { DirectUploadRoutesOptions } from './direct-upload-routes.ts'
import { directUploadRoutes } from './direct-upload-routes.ts'
import { handleError, notFoundHandler } from './error-handler.ts'
import type { EstimateRoutesOptions } from './estimate-routes.ts'
import { estimateRoutes } from './estimate-routes.ts'
import type { EventRoutesOptions } from './event-routes.ts'
import { eventRoutes } from './event-routes.ts'
import type { ExpertRoutesOptions } from './expert-routes.ts'
import { expertRoutes } from './expert-routes.ts'
import type { FileRoutesOptions } from './file-routes.ts'
import { fileRoutes } from './file-routes.ts'
import { healthRoutes } from './health-routes.ts'
import { measureRequests } from './http-metrics.ts'
import type { KeyRoutesOptions } from './key-routes.ts'
import { keyRoutes } from './key-routes.ts'
import type { MetricsOptions } from './metrics-routes.ts'
import { metricsRoutes } from './metrics-routes.ts'
import { documentation } from './openapi.ts'
import { describeProblems } from './problem-answers.ts'
import type { ProtectionOptions } from './protection.ts'
import { protect } from './protection.ts'
import type { HealthCheck } from './readiness.ts'
import { Readiness } from './readiness.ts'
import type { ReindexRoutesOptions } from './reindex-routes.ts'
import { reindexRoutes } from './reindex-routes.ts'
import { logRequests, newRequestId } from './request-log.ts'
import type { SearchRoutesOptions } from './search-routes.ts'
import { searchRoutes } from './search-routes.ts'
import { traceRequests } from './trace-requests.ts'
import { hangUpOnUnreadBodies, limitTimeOfBodies } from './unread-bodies.ts'
import type { UsageRoutesOptions } from './usage-routes.ts'
import { usageRoutes } from './usage-routes.ts'

export type AppOptions = ProtectionOptions &
  KeyRoutesOptions &
  FileRoutesOptions &
  DirectUploadRoutesOptions &
  ExpertRoutesOptions &
  CallbackRoutesOptions &
  SearchRoutesOptions &
  EstimateRoutesOptions &
  ReindexRoutesOptions &
  UsageRoutesOptions &
  ChatRoutesOptions &
  EventRoutesOptions & {
    readonly checks: readonly HealthCheck[]
    readonly metrics: MetricsOptions
    readonly tracing?: RequestTracing | undefined
    readonly idleTimeoutMs?: number
    /** How long a body that is no upload may take. */
    readonly bodyTimeoutMs?: number
    readonly logger?: FastifyServerOptions['loggerInstance']
    /** Whether reads that succeed are no news. */
    readonly quietReads?: boolean
  }

const IDLE_TIMEOUT_MS = 60_000
const BODY_TIMEOUT_MS = 60_000
/** Of the head of a request. Node looks every so often whether one takes too long, and takes the shorter limit for the head's. */
const HEAD_TIMEOUT_MS = 30_000
const CHECK_EVERY_MS = 5_000

/** The whole API, not yet listening. */
export async function createApp({
  checks,
  metrics,
  tracing,
  logger,
  ...options
}: AppOptions): Promise<FastifyInstance> {
  const clientErrors = new ClientErrors()
  const app = fastify({
    ...(logger && { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: newRequestId,
    trustProxy: options.trustProxy,
    // Of one request, an upload included; and of silence.
    requestTimeout: options.requestTimeoutMs,
    connectionTimeout: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    http: {
      headersTimeout: Math.min(HEAD_TIMEOUT_MS, options.requestTimeoutMs),
      connectionsCheckingInterval: CHECK_EVERY_MS,
    },
    clientErrorHandler: (error, socket) => clientErrors.answer(error, socket),
    routerOptions: { ignoreTrailingSlash: true },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(({ schema, httpPart }) => validatorFor(httpPart).compile(schema as object))
  app.setErrorHandler(handleError)
  const methods = new AllowedMethods()
  app.setNotFoundHandler(notFoundHandler((path) => methods.at(path)))
  app.addHook('onRoute', methods.add)
  app.addHook('onRoute', describeProblems)
  clientErrors.watch(app)
  hangUpOnUnreadBodies(app)
  closeConnectionsAtTheEnd(app)
  if (tracing) traceRequests(app, { tracing, trustsCallers: options.trustProxy })
  logRequests(app, options)
  measureRequests(app, metrics.registry)
  const identify = await protect(app, options)
  await app.register(fastifyMultipart)
  limitTimeOfBodies(app, options.bodyTimeoutMs ?? BODY_TIMEOUT_MS)
  await app.register(fastifySwagger, documentation(options))
  await app.register(fastifySwaggerUi, { routePrefix: '/docs' })
  app.get('/openapi.json', { schema: { hide: true }, config: { scope: 'public' } }, () => app.swagger())
  const readiness = new Readiness(checks)
  await app.register(healthRoutes, { readiness, identify })
  await app.register(metricsRoutes, { ...metrics, readiness })
  await app.register(fileRoutes, options)
  await app.register(directUploadRoutes, options)
  await app.register(expertRoutes, options)
  await app.register(callbackRoutes, options)
  await app.register(estimateRoutes, options)
  await app.register(reindexRoutes, options)
  await app.register(searchRoutes, options)
  await app.register(chatRoutes, options)
  await app.register(eventRoutes, options)
  await app.register(usageRoutes, options)
  await app.register(keyRoutes, options)
  return app
}

const strict = ajvFormats.default(new Ajv({ useDefaults: true, allErrors: false }))
/** Query strings and paths hold text only, so numbers are read from it. Bodies are taken at their word. */
const coercing = ajvFormats.default(new Ajv({ useDefaults: true, coerceTypes: true }))
const validatorFor = (httpPart: string | undefined) => (httpPart === 'body' ? strict : coercing)
