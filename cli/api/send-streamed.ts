import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

type Streamed = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal | undefined
  /** How long the connection may be silent, in milliseconds. */
  readonly silenceMs?: number
}

/** A stalled network, or a server that is gone. The API answers within seconds of the last byte. */
const SILENCE_MS = 120_000

/**
 * As `fetch`, which reads a body ahead of the network: a file of 1 GB took as much memory.
 * @throws what the body throws, too, and the reason of `signal`
 */
export async function sendStreamed(url: string, streamed: Streamed): Promise<Response> {
  const { method, headers, body, signal, silenceMs = SILENCE_MS } = streamed
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  const request = send(url, { method, headers, agent: false, timeout: silenceMs, ...(signal && { signal }) })
  request.once('timeout', () => request.destroy(silent(silenceMs)))
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  // What goes wrong with it is an error of the request, which may have its answer before the body is sent.
  pipeline(Readable.from(body), request, signal ? { signal } : {}).catch(() => undefined)
  try {
    const [answer] = await answered
    const content = await text(answer)
    const { statusCode: status = 0, statusMessage: statusText = '' } = answer
    return new Response(status === 204 ? null : content, { status, statusText, headers: headersOf(answer) })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    request.destroy()
  }
}

const silent = (milliseconds: number) =>
  Object.assign(new Error(`nothing came for ${milliseconds / 1_000} s`), { code: 'ETIMEDOUT' })

const headersOf = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
