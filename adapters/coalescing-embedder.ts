import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '../domain/failure.ts'
import type { Embedder, EmbedOptions, RateLimit } from '../domain/ports.ts'

type Call = {
  readonly texts: readonly string[]
  readonly tokens: readonly number[]
  readonly signal: AbortSignal | undefined
  readonly resolve: (vectors: Float32Array[]) => void
  readonly reject: (error: unknown) => void
}

export type CoalescingOptions = {
  readonly rateLimit: RateLimit
  /** Requests at a time; with each of them a killed process loses what it has paid for. */
  readonly concurrency: number
}

/**
 * Puts the texts of many callers into one request: what comes while a request is under way goes into the next one, up to
 * the embedder's limits. Small files share requests that way, and a killed process loses one request, not one per file.
 */
export class CoalescingEmbedder implements Embedder {
  readonly model: string
  readonly isSemantic: boolean
  readonly dimensions: number
  readonly limits: Embedder['limits']
  readonly countTokens: Embedder['countTokens']
  readonly #embedder: Embedder
  readonly #options: CoalescingOptions
  readonly #waiting: Call[] = []
  #senders = 0

  constructor(embedder: Embedder, options: CoalescingOptions) {
    this.model = embedder.model
    this.isSemantic = embedder.isSemantic
    this.dimensions = embedder.dimensions
    this.limits = embedder.limits
    this.countTokens = embedder.countTokens
    this.#embedder = embedder
    this.#options = options
  }

  /** At most what one call of the embedder may hold. */
  async embed(texts: readonly string[], { signal, tokens = texts.map(this.countTokens) }: EmbedOptions = {}) {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Float32Array[]>()
    // At once, though the request goes on for the others that are in it.
    const leave = () => reject(signal?.reason)
    signal?.addEventListener('abort', leave, { once: true })
    this.#waiting.push({ texts, tokens, signal, resolve, reject })
    if (this.#senders < this.#options.concurrency) void this.#sendAll()
    return promise.finally(() => signal?.removeEventListener('abort', leave))
  }

  async #sendAll(): Promise<void> {
    this.#senders += 1
    for (let calls = this.#take(); calls.length > 0; calls = this.#take()) await this.#send(calls)
    this.#senders -= 1
  }

  /** As many of the waiting calls, in their order, as one request may hold. */
  #take(): Call[] {
    const { inputs, tokensPerCall } = this.limits
    const calls: Call[] = []
    let texts = 0
    let tokens = 0
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      texts += next.texts.length
      tokens += sum(next.tokens)
      if (calls.length > 0 && (texts > inputs || tokens > tokensPerCall)) break
      this.#waiting.shift()
      if (!next.signal?.aborted) calls.push(next)
    }
    return calls
  }

  async #send(calls: readonly Call[]): Promise<void> {
    const texts = calls.flatMap((call) => call.texts)
    const tokens = calls.flatMap((call) => call.tokens)
    const [signal, release] = whenAllAbort(calls)
    try {
      await this.#waitForTurn(sum(tokens), signal)
      const vectors = await this.#embedder.embed(texts, { tokens, signal })
      for (const call of calls) call.resolve(vectors.splice(0, call.texts.length))
    } catch (error) {
      if (calls.length > 1 && isRejection(error)) for (const call of calls) await this.#send([call])
      else for (const call of calls) call.reject(error)
    } finally {
      release()
    }
  }

  async #waitForTurn(tokens: number, signal: AbortSignal): Promise<void> {
    const milliseconds = await this.#options.rateLimit.reserve({ requests: 1, tokens })
    if (milliseconds > 0) await delay(milliseconds, undefined, { signal })
  }
}

/** One text that the service refuses must not fail the files that it shared a request with. */
const isRejection = (error: unknown) => error instanceof Failure && error.code === 'EMBEDDING_REJECTED'

/** A request is given up only once nobody waits for it. */
function whenAllAbort(calls: readonly Call[]): [signal: AbortSignal, release: () => void] {
  const controller = new AbortController()
  const check = () => calls.every(({ signal }) => signal?.aborted) && controller.abort(calls[0]?.signal?.reason)
  for (const { signal } of calls) signal?.addEventListener('abort', check)
  const release = () => {
    for (const { signal } of calls) signal?.removeEventListener('abort', check)
  }
  return [controller.signal, release]
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
