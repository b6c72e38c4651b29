import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import http from 'node:http'
import https from 'node:https'
import type { CallOptions } from '../domain/ports.ts'
import type { WebhookAnswer, WebhookRequest, WebhookSender } from '../domain/webhook.ts'
import { AddressRefused } from '../domain/webhook.ts'
import type { PublicCallbackAddresses } from './callback-addresses.ts'
import { retryAfterMs } from './retry-after.ts'

/** In milliseconds, from the look-up of the name to the head of the answer. */
const TIMEOUT_MS = 10_000

/** By Node's own client: it takes a look-up of ours, follows no redirect, and knows no proxy, which would look names up by itself. */
export class HttpWebhookSender implements WebhookSender {
  readonly #addresses: PublicCallbackAddresses
  readonly #timeoutMs: number

  constructor(addresses: PublicCallbackAddresses, timeoutMs = TIMEOUT_MS) {
    this.#addresses = addresses
    this.#timeoutMs = timeoutMs
  }

  async send({ url, headers, body }: WebhookRequest, { signal }: CallOptions = {}): Promise<WebhookAnswer> {
    // Once more: what is allowed may have changed since, and addresses that need no look-up are not looked up.
    const fault = this.#addresses.faultOf(url)
    if (fault) throw new AddressRefused(fault)
    const limit = AbortSignal.timeout(this.#timeoutMs)
    const response = await this.#post(url, body, {
      headers: { 'content-type': 'application/json', 'user-agent': 'expertsmith', ...headers },
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    }).catch((error: unknown) => {
      throw limit.aborted ? limit.reason : error
    })
    const { statusCode = 0 } = response
    // Whatever else it says is nobody's business, and may have no end.
    response.destroy()
    return { status: statusCode, retryAfterMs: retryAfterMs(toHeaders(response)) }
  }

  async #post(url: string, body: string, options: RequestOptions): Promise<IncomingMessage> {
    const { request } = new URL(url).protocol === 'https:' ? https : http
    const sent = request(url, { ...options, method: 'POST', agent: false, lookup: this.#addresses.lookup })
    sent.end(body)
    const response = await headOfAnswer(sent)
    // Of a connection that is closed on purpose.
    response.on('error', () => undefined)
    return response
  }
}

/** Settles however the request ends: each of them ends with `close`, some with nothing else. */
function headOfAnswer(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve)
    // 101: an answer like any other that is no 2xx, of a connection that is not to become another one.
    sent.once('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response)
    })
    sent.on('error', reject)
    sent.once('close', () => reject(new Error('The connection was closed before there was an answer.')))
  })
}

const toHeaders = ({ headers }: IncomingMessage) =>
  new Headers(headers['retry-after'] === undefined ? {} : { 'retry-after': headers['retry-after'] })
