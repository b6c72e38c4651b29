import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'

export type Fault = {
  readonly status: number
  /** How many requests it hits. */
  readonly times: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
  /** Only requests whose path begins like this. */
  readonly path?: string
}

/** What a test can do with a server that speaks a vendor's wire format: count requests, and make them fail. */
export class WireServer {
  readonly #app: FastifyInstance
  #faults: { fault: Fault; left: number }[] = []
  readonly requests: { method: string; path: string }[] = []

  constructor(app: FastifyInstance) {
    this.#app = app
    app.addHook('onRequest', async (request, reply) => {
      this.requests.push({ method: request.method, path: request.url })
      const next = this.#faults.find(({ fault, left }) => left > 0 && request.url.startsWith(fault.path ?? '/'))
      if (!next) return
      next.left -= 1
      const { status, headers = {}, body = { error: { message: 'injected by a test' } } } = next.fault
      return reply.status(status).headers(headers).send(body)
    })
  }

  async listen(): Promise<string> {
    await this.#app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = this.#app.server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  failNext(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times })
  }

  /** From now on everything is answered as it should be. */
  heal(): void {
    this.#faults = []
  }

  count(path: string): number {
    return this.requests.filter((request) => request.path.startsWith(path)).length
  }

  close(): Promise<void> {
    return this.#app.close()
  }
}
