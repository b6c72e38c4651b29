import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { Static } from 'typebox'
import type { ChatAnswerSchema, CitationSchema } from '../../api/chat-schemas.ts'
import { ApiError, ApiUnreachable } from './api-error.ts'

export type ChatAnswerJson = Static<typeof ChatAnswerSchema>
export type CitationJson = Static<typeof CitationSchema>

export type ChatEventJson =
  | { readonly event: 'passages'; readonly passages: CitationJson[] }
  | { readonly event: 'delta'; readonly text: string }
  | ({ readonly event: 'done' } & ChatAnswerJson)

/** An answer as it is written; docs/chat.md lists the events. @throws ApiError where it breaks off with a problem, ApiUnreachable where without one */
export async function* chatEvents({ body, status }: Response): AsyncGenerator<ChatEventJson> {
  for await (const { event, data } of body ? eventsIn(body) : []) {
    if (event === 'error') throw new ApiError(status, JSON.parse(data))
    yield { ...JSON.parse(data), event }
    if (event === 'done') return
  }
  throw brokenOff()
}

/** @throws ApiUnreachable where the connection is cut */
async function* eventsIn(body: ReadableStream<Uint8Array<ArrayBuffer>>) {
  try {
    yield* body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  } catch (error) {
    throw brokenOff(error)
  }
}

const brokenOff = (cause?: unknown) => new ApiUnreachable('The answer broke off; ask again.', { cause })
