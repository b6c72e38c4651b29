import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { idsOf, noteAnswers } from './request-ids.ts'
import type { RequestEnd } from './when-over.ts'
import { whenOver } from './when-over.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the error that it was answered with. */
    problem: string | undefined
  }
}

export type RequestLogOptions = {
  /** Whether reads that succeed are as worth telling as everything else; somebody at a terminal watches what is done. */
  readonly quietReads?: boolean
}

/** What fits a header and a line of a log, and is long enough to be told from others. */
const HARMLESS = /^[A-Za-z0-9_.:-]{8,100}$/
/** Asked for every few seconds by machines, which know what to do with a 503. */
const PROBES = new Set(['/healthz', '/readyz', '/metrics'])

/** The client's own id, where it is harmless: what the client wrote down is then found in the log. */
export function newRequestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && HARMLESS.test(given) ? given : randomUUID()
}

/** A line at the end of each request, and its id in every answer. Routes, not paths: a path holds ids, and a query may hold anything. */
export function logRequests(app: FastifyInstance, { quietReads = false }: RequestLogOptions = {}): void {
  app.decorateRequest('problem', undefined)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  noteAnswers(app)
  whenOver(app, (request, end) => {
    const isProbe = PROBES.has(request.routeOptions.url ?? '')
    const isQuiet = isProbe || (quietReads && isRead(request) && end.status < 400)
    const level = isQuiet ? 'debug' : 'info'
    request.log[level](describe(request, end), 'Request')
  })
}

const describe = (request: FastifyRequest, { status, milliseconds, aborted }: RequestEnd) => ({
  method: request.method,
  route: routeOf(request),
  ...idsOf(request),
  status,
  ms: Math.round(milliseconds),
  ...(aborted && { aborted }),
  ...(request.problem && { code: request.problem }),
  ...(request.userId && { userId: request.userId }),
  ...(request.principal?.key && { key: request.principal.key }),
})

/** The template, such as `/experts/:id`; the same name for everything that is no route. */
export const routeOf = ({ routeOptions: { url } }: FastifyRequest): string => url ?? 'unknown'

const isRead = ({ method }: FastifyRequest) => method === 'GET' || method === 'HEAD'
