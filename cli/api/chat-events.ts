import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { Static } from 'typebox'
import type { ChatAnswerSchema, CitationSchema } from '../../api/chat-schemas.ts'
import { ApiError } from './api-error.ts'

export type ChatAnswerJson = Static<typeof ChatAnswerSchema>
export type CitationJson = Static<typeof CitationSchema>

export type ChatEventJson =
  | { readonly event: 'passages'; readonly passages: CitationJson[] }
  | { readonly event: 'delta'; readonly text: string }
  | ({ readonly event: 'done' } & ChatAnswerJson)

/** An answer as it is written; docs/chat.md lists the events. @throws ApiError where it breaks off with a problem */
export async function* chatEvents({ body, status }: Response): AsyncGenerator<ChatEventJson> {
  if (!body) return
  const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  for await (const { event, data } of events) {
    if (event === 'error') throw new ApiError(status, JSON.parse(data))
    yield { ...JSON.parse(data), event }
  }
}
