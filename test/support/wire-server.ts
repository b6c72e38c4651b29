import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Gate } from './gate.ts'
import type { Interference } from './interference.ts'
import { Interferences } from './interference.ts'

type Answer = Record<string, unknown>
type WireRequest = { readonly method: string; readonly path: string; readonly body: unknown }

/** Happens to a request before it is served; `onAnswer` changes what it is answered with. */
type Effect = (
  request: FastifyRequest,
  reply: FastifyReply,
  onAnswer: (change: (answer: Answer) => unknown) => void,
) => unknown

export type Refusal = {
  readonly status: number
  /** How many requests it hits. */
  readonly times: number
  readonly headers?: Record<string, string>
  /** A string is sent as it is. */
  readonly body?: unknown
  /** Only requests whose path begins like this. */
  readonly path?: string
}

export type WireServerOptions = {
  /** How long each request waits before it is looked at, as it would on its way to a service. In milliseconds. */
  readonly latencyMs?: number
  /** Whether it forgets what it was asked: a benchmark sends gigabytes. */
  readonly forgets?: boolean
}

/** What a test can do with a server that speaks a vendor's wire format: count requests, hold them, and make them fail. */
export class WireServer {
  readonly #app: FastifyInstance
  readonly #interferences = new Interferences<WireRequest, Effect>()
  readonly #answers = new WeakMap<FastifyRequest, (answer: Answer) => unknown>()
  readonly #gates: Gate[] = []
  readonly requests: WireRequest[] = []

  constructor(app: FastifyInstance, { latencyMs = 0, forgets = false }: WireServerOptions = {}) {
    this.#app = app
    if (latencyMs > 0) app.addHook('onRequest', () => delay(latencyMs))
    app.addHook('preHandler', async (request, reply) => {
      const wire = { method: request.method, path: request.url, body: request.body }
      if (!forgets) this.requests.push(wire)
      await this.#interferences.strike(wire)?.(request, reply, (change) => this.#answers.set(request, change))
      return reply.sent ? reply : undefined
    })
    app.addHook('preSerialization', async (request, _reply, answer) =>
      (this.#answers.get(request) ?? ((same) => same))(answer as Answer),
    )
  }

  async listen(): Promise<string> {
    await this.#app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = this.#app.server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  /** Answers like this, instead of serving the request. */
  failNext({ path = '/', times, ...answer }: Refusal): void {
    this.interfere({ times, when: (request) => request.path.startsWith(path), effect: refuse(answer) })
  }

  interfere(interference: Interference<WireRequest, Effect>): void {
    this.#interferences.plan(interference)
  }

  /** Lets requests that fit wait, also when they are tried again, until the gate is opened or the server is healed. */
  hold(when: (request: WireRequest) => boolean, times = Number.POSITIVE_INFINITY): Gate {
    const gate = this.#newGate()
    this.interfere({ times, when, effect: () => gate.pass() })
    return gate
  }

  /** Serves requests that fit, but lets their answers wait. */
  holdAnswer(when: (request: WireRequest) => boolean): Gate {
    const gate = this.#newGate()
    const effect = alter((answer) => gate.pass().then(() => answer))
    this.interfere({ times: Number.POSITIVE_INFINITY, when, effect })
    return gate
  }

  /** How many requests were interfered with. */
  get struck(): number {
    return this.#interferences.struck
  }

  /** From now on everything is answered as it should be. */
  heal(): void {
    this.#interferences.forget()
    for (const gate of this.#gates.splice(0)) gate.open()
  }

  count(path: string): number {
    return this.requests.filter((request) => request.path.startsWith(path)).length
  }

  close(): Promise<void> {
    this.heal()
    return this.#app.close()
  }

  #newGate(): Gate {
    const gate = new Gate()
    this.#gates.push(gate)
    return gate
  }
}

const refuse =
  ({ status, headers = {}, body = { error: { message: 'injected by a test' } } }: Omit<Refusal, 'times'>): Effect =>
  (_request, reply) =>
    reply.status(status).headers(headers).send(body)

/** The request is served, but its answer is changed on the way. */
export const alter =
  (change: (answer: Answer) => unknown): Effect =>
  (_request, _reply, onAnswer) =>
    onAnswer(change)

/** Only what `take` leaves of the request's body is served, and then the connection breaks, so that nobody is told. */
export const breakOff =
  (take: (body: unknown) => void): Effect =>
  (request, _reply, onAnswer) => {
    take(request.body)
    onAnswer((answer) => {
      request.raw.socket.resetAndDestroy()
      return answer
    })
  }
