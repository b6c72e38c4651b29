import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyReply } from 'fastify'
import type { ChatAnswer } from './chat-schemas.ts'
import { CHAT_BODY_LIMIT, ChatAnswerSchema, ChatRequestSchema } from './chat-schemas.ts'
import { problemBody } from './error-handler.ts'
import { eventStreamContent } from './event-stream-content.ts'
import { CHAT_ANSWER, CHAT_EVENTS } from './examples/answers.ts'
import type { ChatEvent, ExpertChat } from './expert-chat.ts'
import { askExpert } from './expert-chat.ts'
import type { SearchPorts } from './expert-search.ts'
import { expertToAsk } from './expert-to-ask.ts'
import { meteredChatModel } from './metered-chat-model.ts'
import { ExpertParams } from './parameters.ts'
import { Problem } from './problem.ts'
import { SEARCH_PROBLEMS } from './problem-answers.ts'
import { serverSentEvent } from './server-sent-event.ts'
import { EVENT_STREAM_HEADERS, streamEvents } from './stream-events.ts'

export type ChatRoutesOptions = SearchPorts & {
  /** Undefined where no model is configured. */
  readonly chat?: ExpertChat | undefined
  readonly heartbeatMs?: number
}

const Answer = {
  description: 'The answer; as server-sent events: passages, delta, done, error.',
  content: {
    'application/json': { schema: ChatAnswerSchema, example: CHAT_ANSWER },
    ...eventStreamContent(['passages', 'delta', 'done', 'error'], CHAT_EVENTS),
  },
}

export const chatRoutes: FastifyPluginAsyncTypebox<ChatRoutesOptions> = async (app, options) => {
  const closing = new AbortController()
  // Before the server waits for requests to end: an answer may take minutes.
  app.addHook('preClose', async () => closing.abort(new Problem('API_STOPPING')))

  app.route({
    method: 'POST',
    url: '/experts/:id/chat',
    bodyLimit: CHAT_BODY_LIMIT,
    config: {
      scope: 'read',
      problems: [
        'EXPERT_NOT_FOUND',
        'EXPERT_BEING_DELETED',
        'CHAT_NO_ROOM',
        'CHAT_NOT_CONFIGURED',
        'CHAT_AUTH',
        'CHAT_QUOTA_EXHAUSTED',
        'CHAT_REJECTED',
        'CHAT_RATE_LIMITED',
        'CHAT_UNAVAILABLE',
        'API_STOPPING',
        'TOKEN_QUOTA_EXHAUSTED',
        ...SEARCH_PROBLEMS,
      ],
    },
    schema: {
      operationId: 'askExpert',
      tags: ['asking'],
      summary: 'Ask the expert',
      description:
        'The expert answers in the voice of its system prompt, from the files that are indexed, and cites for each statement where it stands. With Accept: text/event-stream it comes as it is written.',
      params: ExpertParams,
      body: ChatRequestSchema,
      response: {
        200: Answer,
      },
    },
    handler: async (request, reply) => {
      const expert = await expertToAsk(options.experts, request.userId, request.params.id)
      const { chat } = options
      if (!chat) throw new Problem('CHAT_NOT_CONFIGURED', { extra: { variable: 'OPENAI_API_KEY' } })
      await options.usage.checkTokens(request.userId)
      const model = meteredChatModel(chat.model, options.usage, expert, request.log)
      const { message, history, top_k: topK, file_ids: fileIds, stream } = request.body
      const gone = untilGone(reply)
      const signal = AbortSignal.any([gone, closing.signal])
      const question = { message, history, topK, fileIds }
      const events = logged(
        askExpert(options, { expert, question, chat: { ...chat, model } }, { signal }),
        expert.id,
        request.log,
      )
      if (stream ?? request.headers.accept?.includes('text/event-stream'))
        return sendEvents(reply, events, { ...options, log: request.log, requestId: request.id, gone })
      return sendWhole(reply, events, gone)
    },
  })
}

/** Aborted once the client is gone: what nobody reads need not be written, or paid for. */
function untilGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  const abort = () => gone.abort(new Error('the client went away'))
  // It may have left while its expert was looked up.
  if (raw.destroyed) abort()
  else
    raw.once('close', () => {
      if (!raw.writableFinished) abort()
    })
  return gone.signal
}

/** Once the first event is there, so that what goes wrong before it is answered with its status. */
async function begun(events: AsyncGenerator<ChatEvent>): Promise<AsyncGenerator<ChatEvent>> {
  const { value: first } = await events.next()
  return (async function* () {
    if (first) yield first
    yield* events
  })()
}

type Streaming = {
  readonly log: FastifyBaseLogger
  readonly requestId: string
  readonly gone: AbortSignal
  readonly heartbeatMs?: number
}

async function sendEvents(reply: FastifyReply, events: AsyncGenerator<ChatEvent>, options: Streaming) {
  const first = await unlessGone(() => begun(events), options.gone)
  if (!first) return reply.hijack()
  const stream = streamEvents(toText(first, options), options.heartbeatMs)
  return reply.headers(EVENT_STREAM_HEADERS).type('text/event-stream').send(stream)
}

async function* toText(events: AsyncIterable<ChatEvent>, { log, requestId, gone }: Streaming): AsyncGenerator<string> {
  try {
    for await (const { name, data } of events) yield serverSentEvent(name, data)
  } catch (error) {
    if (gone.aborted) return
    const problem = problemBody(error as Error, requestId)
    if (problem.status >= 500) log.error({ err: error, code: problem.code }, '❌ An answer broke off')
    yield serverSentEvent('error', problem)
  }
}

async function sendWhole(reply: FastifyReply, events: AsyncIterable<ChatEvent>, gone: AbortSignal) {
  // Nothing is sent until the answer is whole, which may take longer than a connection may be silent.
  reply.raw.setTimeout(0, () => undefined)
  return (await unlessGone(() => doneOf(events), gone)) ?? reply.hijack()
}

async function doneOf(events: AsyncIterable<ChatEvent>): Promise<ChatAnswer> {
  for await (const { name, data } of events) if (name === 'done') return data
  throw new Error('an answer ends')
}

/** Whatever fails once the client is gone is no failure. */
async function unlessGone<T>(work: () => Promise<T>, gone: AbortSignal): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!gone.aborted) throw error
    return undefined
  }
}

/** Tells what it cost, and nothing of what was said. */
async function* logged(
  events: AsyncIterable<ChatEvent>,
  expertId: string,
  log: FastifyBaseLogger,
): AsyncGenerator<ChatEvent> {
  const start = performance.now()
  for await (const event of events) {
    if (event.name === 'done') log.info(costOf(event.data, expertId, start), '💬 Answered a question')
    yield event
  }
}

const costOf = ({ model, usage, citations, removed_markers, reason }: ChatAnswer, expertId: string, start: number) => ({
  expertId,
  model,
  promptTokens: usage?.prompt_tokens,
  completionTokens: usage?.completion_tokens,
  citations: citations.length,
  removedMarkers: removed_markers,
  reason,
  milliseconds: Math.round(performance.now() - start),
})
