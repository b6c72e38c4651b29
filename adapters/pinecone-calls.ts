import { AsyncLocalStorage } from 'node:async_hooks'
import { Errors, Pinecone } from '@pinecone-database/pinecone'
import { DatabaseUnavailable } from '../domain/database-unavailable.ts'
import { Failure } from '../domain/failure.ts'
import type { CallOptions } from '../domain/ports.ts'
import { retryAfterMs } from './retry-after.ts'

export type PineconeAccount = {
  readonly apiKey: string
  /** The control plane's address, where it is not Pinecone's own. */
  readonly controllerHost?: string | undefined
}

/** What a request was told, besides its answer. */
type Call = { readonly signal: AbortSignal | undefined; status?: number; retryAfterMs?: number | undefined }

/** A client whose requests heed the signal of the call that they are made for, and whose errors are ours. */
export class PineconeCalls {
  readonly client: Pinecone
  readonly #calls = new AsyncLocalStorage<Call>()

  constructor({ apiKey, controllerHost }: PineconeAccount) {
    this.client = new Pinecone({
      apiKey,
      ...(controllerHost && { controllerHostUrl: controllerHost }),
      // Temporal retries, with a back-off that can be seen and that heeds Retry-After.
      maxRetries: 0,
      fetchApi: (url, init) => this.#fetch(url, init),
    })
  }

  /** Of the call that is under way. */
  get signal(): AbortSignal | undefined {
    return this.#calls.getStore()?.signal
  }

  /** `onDoubt`: the address may lead nowhere by now. @throws Failure VECTOR_STORE_UNAVAILABLE, VECTOR_STORE_AUTH */
  run<T>({ signal }: CallOptions, work: () => Promise<T>, onDoubt: () => void = () => undefined): Promise<T> {
    const call: Call = { signal }
    return this.#calls.run(call, async () => {
      try {
        return await work()
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        if (isAddressInDoubt(call)) onDoubt()
        throw toFailure(error, call)
      }
    })
  }

  /** The SDK takes no signal of its own, and keeps the response's headers to itself. */
  async #fetch(url: string | URL | Request, init?: RequestInit): Promise<Response> {
    const call = this.#calls.getStore()
    const response = await fetch(url, { ...init, ...(call?.signal && { signal: call.signal }) })
    if (call) Object.assign(call, { status: response.status, retryAfterMs: retryAfterMs(response.headers) })
    return response
  }
}

/** A missing index or namespace: there is nothing to find or to delete. */
export async function unlessMissing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (error instanceof Errors.PineconeNotFoundError) return undefined
    throw error
  }
}

/** The index may have been deleted, or made anew at another address, or with another length. */
const isAddressInDoubt = ({ status }: Call) => status === undefined || status === 404 || status === 400

/** Refused, or not paid for. */
const AUTH_STATUSES: readonly (number | undefined)[] = [401, 402, 403]

function toFailure(cause: unknown, { status, retryAfterMs }: Call): Error {
  if (cause instanceof Failure || cause instanceof DatabaseUnavailable) return cause
  const detail =
    status === undefined || status < 400 ? 'no connection, or an answer that is not one of the API' : `status ${status}`
  const code = AUTH_STATUSES.includes(status) ? 'VECTOR_STORE_AUTH' : 'VECTOR_STORE_UNAVAILABLE'
  return new Failure(code, {}, { cause, detail, retryAfterMs })
}
