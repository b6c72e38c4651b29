import { setTimeout as delay } from 'node:timers/promises'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { ApiError } from './api-error.ts'

export type ServerSentEvent = { readonly event?: string | undefined; readonly data: string }

/** Opens the stream; the headers say what came last. */
export type Connect = (headers: Record<string, string>, signal: AbortSignal) => Promise<Response>

/** The API sends a comment every 15 s: after this long the connection is dead, though nobody said so. */
const SILENCE_MS = 60_000
const RECONNECT_MS = 1_000
/** In a row. `connect` is patient by itself. */
const FAILURES = 10

/**
 * The events of a stream, over as many connections as it takes: each begins after the last id of the one before.
 * @throws what `connect` throws, where that is an answer, or again and again
 */
export async function* serverSentEvents(connect: Connect, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  let lastEventId: string | undefined
  for (let failures = 0; ; ) {
    const silence = new SilenceWatch(signal)
    try {
      const response = await connect(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }, silence.signal)
      failures = 0
      for await (const event of eventsIn(response, silence)) {
        lastEventId = event.id ?? lastEventId
        yield event
      }
    } catch (error) {
      if (signal.aborted || error instanceof ApiError || ++failures === FAILURES) throw error
    } finally {
      silence.stop()
    }
    await delay(RECONNECT_MS, undefined, { signal })
  }
}

function eventsIn({ body }: Response, silence: SilenceWatch) {
  if (!body) throw new Error('a stream of events has a body')
  return body
    .pipeThrough(new TransformStream({ transform: (chunk, next) => silence.pass(chunk, next) }))
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
}

/** Aborts its signal once nothing has come for too long. */
class SilenceWatch {
  readonly signal: AbortSignal
  readonly #silence = new AbortController()
  readonly #timer = setTimeout(() => this.#silence.abort(new Error('the connection fell silent')), SILENCE_MS)

  constructor(outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.#silence.signal])
  }

  pass<T>(chunk: T, next: TransformStreamDefaultController<T>): void {
    this.#timer.refresh()
    next.enqueue(chunk)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#silence.abort()
  }
}
