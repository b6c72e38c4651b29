import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { Gate } from './gate.ts'
import type { Interference } from './interference.ts'
import { Interferences } from './interference.ts'

type S3Request = { readonly method: string; readonly key: string }
/**
 * `refuse`: 503 Slow Down. `reset`: the connection breaks in the middle of the body. `truncate`: half a body, and nothing
 * but its content tells that it is not the whole: neither length nor checksum.
 */
type Effect = 'refuse' | 'reset' | 'truncate' | Gate

const SLOW_DOWN = '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>injected by a test</Message></Error>'
const TELLS_THE_WHOLE = /^(content-length|etag|x-amz-checksum-.*|transfer-encoding)$/

/** Stands before a real S3 server, and passes everything on but what a test interferes with. */
export class S3Proxy {
  readonly #interferences = new Interferences<S3Request, Effect>()
  readonly #agent = new Agent({ keepAlive: true })
  readonly #server = createServer((request, response) => {
    // A client that has gone is no error here.
    this.#serve(request, response).catch(() => response.destroy())
  })
  readonly #target: URL
  readonly #gates: Gate[] = []

  constructor(endpoint: string) {
    this.#target = new URL(endpoint)
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  interfere(interference: Interference<S3Request, Effect>): void {
    this.#interferences.plan(interference)
  }

  /** Lets requests that fit wait, also when they are tried again, until the gate is opened or the proxy is healed. */
  hold(when: (request: S3Request) => boolean): Gate {
    const gate = new Gate()
    this.#gates.push(gate)
    this.interfere({ times: Number.POSITIVE_INFINITY, when, effect: gate })
    return gate
  }

  /** How many requests were interfered with. */
  get struck(): number {
    return this.#interferences.struck
  }

  heal(): void {
    this.#interferences.forget()
    for (const gate of this.#gates.splice(0)) gate.open()
  }

  async close(): Promise<void> {
    this.heal()
    this.#server.close()
    this.#server.closeAllConnections()
    this.#agent.destroy()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    const effect = this.#interferences.strike({ method, key: keyOf(url) })
    if (effect === 'refuse') return refuse(request, response)
    if (effect instanceof Gate) await effect.pass()
    if (response.destroyed) return
    const answer = await this.#passOn(request, response)
    if (effect === 'reset' || effect === 'truncate') return cut(answer, response, effect)
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    await pipeline(answer, response)
  }

  async #passOn(request: IncomingMessage, response: ServerResponse): Promise<IncomingMessage> {
    const { method, url } = request
    // The signature covers the host that the client named, so that goes along; what is expected of us is not.
    const { expect: _, ...headers } = request.headers
    const { hostname, port } = this.#target
    const onward = send({ agent: this.#agent, hostname, port, method, path: url, headers })
    response.once('close', () => response.writableFinished || onward.destroy())
    request.pipe(onward)
    const [answer] = await once(onward, 'response')
    return answer
  }
}

const keyOf = (url: string) => decodeURIComponent(url.replace(/\?.*/, '').replace(/^\/[^/]+\//, ''))

function refuse(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  response.writeHead(503, { 'content-type': 'application/xml' }).end(SLOW_DOWN)
}

async function cut(answer: IncomingMessage, response: ServerResponse, how: 'reset' | 'truncate'): Promise<void> {
  const body = await buffer(answer)
  const half = body.subarray(0, Math.ceil(body.length / 2))
  response.writeHead(answer.statusCode ?? 502, how === 'reset' ? answer.headers : withoutTheWhole(answer.headers))
  if (how === 'truncate') response.end(half)
  else response.write(half, () => response.socket?.resetAndDestroy())
}

const withoutTheWhole = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !TELLS_THE_WHOLE.test(name)))
