import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from './problem.ts'

/** So long a client that is still sending has to read its answer: hung up on at once, it would see an error instead. */
const LINGER_MS = 1_000

/**
 * Hangs up on who is answered before the request has come whole: nobody reads the rest, and Node would let it come for as long as
 * an upload may take.
 */
export function hangUpOnUnreadBodies(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply) => {
    if (!isUnread(request)) return
    reply.header('connection', 'close')
    linger(request.raw.socket)
  })
}

const isUnread = ({ raw, headers }: FastifyRequest) =>
  !raw.complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)

/** `destroySoon` is how Node hangs up once such an answer is written. What tests inject comes by no real socket. */
function linger(socket: Socket): void {
  if (typeof socket.destroySoon !== 'function') return
  socket.destroySoon = () => {
    socket.end()
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }
}

/** Refuses a body that takes too long, unless it is an upload: those have the time of a request. @throws Problem REQUEST_TIMEOUT */
export function limitTimeOfBodies(app: FastifyInstance, milliseconds: number): void {
  app.addHook('preParsing', (request, _, payload, done) => {
    const isUpload = request.headers['content-type']?.startsWith('multipart/')
    if (isUnread(request) && !isUpload) {
      // Not destroyed: that would take the connection from the answer.
      const timer = setTimeout(() => payload.emit('error', new Problem('REQUEST_TIMEOUT')), milliseconds).unref()
      const stop = () => clearTimeout(timer)
      payload.once('end', stop).once('error', stop).once('close', stop)
    }
    done(null, payload)
  })
}
