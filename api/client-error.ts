import type { ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { Problem, type ProblemCode } from './problem.ts'

const CODES: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
}

/** Answers what is no request of HTTP, or is too slow a one, and hangs up: there is no request yet that a route could answer. */
export class ClientErrors {
  /** The latest of each connection. */
  readonly #answers = new WeakMap<object, ServerResponse>()

  /** From now on it is known which answers have begun. */
  watch(app: FastifyInstance): void {
    app.addHook('onRequest', (request, reply, done) => {
      this.#answers.set(request.raw.socket, reply.raw)
      done()
    })
  }

  answer(error: NodeJS.ErrnoException, socket: Socket): void {
    if (socket.writable && error.code !== 'ECONNRESET' && !this.#isAnswered(socket)) socket.write(textOf(error))
    socket.destroy()
  }

  /** What came is part of a request that is being answered, or was: another answer would be taken for part of that one. */
  #isAnswered(socket: Socket): boolean {
    const answer = this.#answers.get(socket)
    return answer?.headersSent === true && !(answer.writableFinished && answer.req.complete)
  }
}

function textOf({ code: reason = '' }: NodeJS.ErrnoException): string {
  const { status, code, message } = new Problem(CODES[reason] ?? 'MALFORMED_REQUEST')
  const title = STATUS_CODES[status]
  const body = JSON.stringify({ type: 'about:blank', title, status, code, detail: message })
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
