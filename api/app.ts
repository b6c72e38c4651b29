import fastifyMultipart from '@fastify/multipart'
import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Ajv } from 'ajv'
import ajvFormats from 'ajv-formats'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { fastify, LogController } from 'fastify'
import { handleError, handleNotFound } from './error-handler.ts'
import type { ExpertRoutesOptions } from './expert-routes.ts'
import { expertRoutes } from './expert-routes.ts'
import type { FileRoutesOptions } from './file-routes.ts'
import { fileRoutes } from './file-routes.ts'
import type { HealthCheck } from './health-routes.ts'
import { healthRoutes } from './health-routes.ts'
import { LOCAL_USER_ID } from './principal.ts'
import type { SearchRoutesOptions } from './search-routes.ts'
import { searchRoutes } from './search-routes.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose data this request may see; every query is scoped to it. */
    userId: string
  }
}

export type AppOptions = FileRoutesOptions &
  ExpertRoutesOptions &
  SearchRoutesOptions & {
    readonly checks: readonly HealthCheck[]
    readonly logger?: FastifyServerOptions['loggerInstance']
  }

/** The whole API, not yet listening. */
export async function createApp({ checks, logger, ...options }: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    ...(logger && { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: 0,
    routerOptions: { ignoreTrailingSlash: true },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(({ schema, httpPart }) => validatorFor(httpPart).compile(schema as object))
  app.setErrorHandler(handleError)
  app.setNotFoundHandler(handleNotFound)
  app.decorateRequest('userId', LOCAL_USER_ID)

  await app.register(fastifyMultipart)
  await app.register(fastifySwagger, { openapi: OPENAPI })
  await app.register(fastifySwaggerUi, { routePrefix: '/docs' })
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  await app.register(healthRoutes, { checks })
  await app.register(fileRoutes, options)
  await app.register(expertRoutes, options)
  await app.register(searchRoutes, options)
  return app
}

const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Expertsmith',
    version: '0.1.0',
    description: 'Turns uploaded files into experts: a system prompt, a voice and a searchable knowledge base.',
  },
  tags: [
    { name: 'knowledge base', description: 'Files' },
    { name: 'experts', description: 'Experts and their knowledge' },
    { name: 'operations', description: 'For those who run it' },
  ],
}

const strict = ajvFormats.default(new Ajv({ useDefaults: true, allErrors: false }))
/** Query strings and paths hold text only, so numbers are read from it. Bodies are taken at their word. */
const coercing = ajvFormats.default(new Ajv({ useDefaults: true, coerceTypes: true }))
const validatorFor = (httpPart: string | undefined) => (httpPart === 'body' ? strict : coercing)
