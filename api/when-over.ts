import { AsyncResource } from 'node:async_hooks'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

export type RequestEnd = {
  /** 499, as proxies call it, where the client went away before there was an answer. */
  readonly status: number
  readonly milliseconds: number
  /** Whether the client went away before the answer was whole. */
  readonly aborted: boolean
}

const CLIENT_CLOSED_REQUEST = 499

/** Tells of the end of each request, once. Fastify's own `onResponse` is for answers that were sent, so it misses clients that go away. */
export function whenOver(app: FastifyInstance, tell: (request: FastifyRequest, end: RequestEnd) => void): void {
  app.addHook('onRequest', async (request, reply) => {
    const start = performance.now()
    // What is told belongs to the request, also where the socket tells of it.
    const over = AsyncResource.bind((aborted: boolean) => {
      reply.raw.off('finish', onFinish).off('close', onClose)
      tell(request, { status: statusOf(reply), milliseconds: performance.now() - start, aborted })
    })
    const onFinish = () => over(false)
    const onClose = () => over(true)
    reply.raw.once('finish', onFinish).once('close', onClose)
  })
}

const statusOf = ({ raw }: FastifyReply) => (raw.headersSent ? raw.statusCode : CLIENT_CLOSED_REQUEST)
