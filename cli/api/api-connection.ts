import { rootOf } from '../root-of.ts'
import { ApiUnreachable, toApiError } from './api-error.ts'
import { repeatedly } from './repeatedly.ts'
import { sendStreamed } from './send-streamed.ts'

export type ApiAddress = {
  readonly url: string
  readonly apiKey?: string | undefined
  /** Is told that a request will be repeated. */
  readonly onWait?: (milliseconds: number, why: Error) => void
}

export type ApiRequest = {
  /** Sent as JSON. */
  readonly json?: object
  /** Made anew for each try. */
  readonly body?: () => Promise<RequestBody>
  readonly headers?: Readonly<Record<string, string>>
  /** Whether it is not sent again, whatever comes of it. */
  readonly once?: boolean
  readonly signal?: AbortSignal | undefined
}
type RequestBody = { readonly stream: AsyncIterable<Uint8Array>; readonly contentType: string }

/** HTTP as the API speaks it. Requests throw ApiError, ApiUnreachable, or what a body threw that could not be read. */
export class ApiConnection {
  readonly #url: string
  readonly #key: string | undefined
  #wasReached = false
  readonly #onWait: (milliseconds: number, why: Error) => void

  constructor({ url, apiKey, onWait = () => undefined }: ApiAddress) {
    this.#url = url
    this.#key = apiKey
    this.#onWait = onWait
  }

  /** The body of the answer, as JSON; undefined where it has none. */
  async json<T>(method: string, path: string, request: ApiRequest = {}): Promise<T> {
    return this.#repeatedly(request, async () => {
      const response = await this.#send(method, path, request)
      if (response.status === 204) return undefined as T
      return (await response.json().catch((error: unknown) => this.#lost(error))) as T
    })
  }

  /** An answer that is read as it comes. */
  stream(method: string, path: string, request: ApiRequest = {}): Promise<Response> {
    return this.#repeatedly(request, () => this.#send(method, path, request))
  }

  #repeatedly<T>({ signal, once }: ApiRequest, attempt: () => Promise<T>): Promise<T> {
    if (once) return attempt()
    return repeatedly(attempt, { signal, onWait: this.#onWait, wasReached: () => this.#wasReached })
  }

  async #send(method: string, path: string, { json, body, headers, signal }: ApiRequest): Promise<Response> {
    const streamed = await body?.()
    const type = streamed?.contentType ?? (json && 'application/json')
    const all = {
      ...headers,
      ...(type !== undefined && { 'content-type': type }),
      ...(this.#key !== undefined && { authorization: `Bearer ${this.#key}` }),
    }
    const url = `${this.#url}${path}`
    const sent = streamed
      ? sendStreamed(url, { method, headers: all, body: streamed.stream, signal })
      : fetch(url, { method, headers: all, signal: signal ?? null, ...(json && { body: JSON.stringify(json) }) })
    const response = await sent.catch((error: unknown) => this.#lost(error))
    this.#wasReached = true
    if (!response.ok) throw await toApiError(response, this.#key !== undefined)
    return response
  }

  #lost(error: unknown): never {
    const cause = rootOf(error)
    if (!isOfTheNetwork(cause)) throw cause
    throw new ApiUnreachable(
      `The API does not answer at ${this.#url} (${cause.message || cause.code}). Start it with npm start, or set API_URL to where it is.`,
      { cause: error },
    )
  }
}

/** Of undici, of node:net, of node:dns, of TLS: they all have a code, and what a body or a signal throws is a DOMException. */
const isOfTheNetwork = (error: unknown): error is Error & { code?: string } =>
  error instanceof Error &&
  !(error instanceof DOMException) &&
  ('code' in error || error instanceof TypeError || error instanceof SyntaxError)
