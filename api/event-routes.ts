import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { ExpertStore } from '../domain/ports.ts'
import type { ExpertWatchOptions } from './expert-watch.ts'
import { ExpertWatch } from './expert-watch.ts'
import { ExpertParams } from './parameters.ts'
import { Problem } from './problem.ts'
import { EventStreamAnswer } from './progress-events.ts'
import { EVENT_STREAM_HEADERS } from './stream-events.ts'

export type EventRoutesOptions = Omit<ExpertWatchOptions, 'onFailure'> & { readonly experts: ExpertStore }

const EventId = Type.String({
  pattern: '^\\d{1,15}$',
  description: 'The id that came last; 0 for every file.',
  examples: ['1509'],
})

export const eventRoutes: FastifyPluginAsyncTypebox<EventRoutesOptions> = async (app, { experts, ...options }) => {
  const watch = new ExpertWatch({
    ...options,
    onFailure: (error) => app.log.warn({ err: error }, '⚠️ Could not look at an expert that is watched'),
  })
  // Before the server waits for requests to end.
  app.addHook('preClose', async () => watch.close())

  app.route({
    method: 'GET',
    url: '/experts/:id/events',
    // Whoever asks for headers only would open a stream that nobody reads.
    exposeHeadRoute: false,
    config: { problems: ['EXPERT_NOT_FOUND'] },
    schema: {
      operationId: 'watchExpert',
      tags: ['experts'],
      summary: "Watch an expert's progress",
      description:
        'Server-sent events. First how it stands, then what changes, at most twice a second: progress (status, counts, rate, ETA), file (a file with its stage and outcome), summary (a pass has ended), deleted. The stream stays open after a pass, since files may be retried or added; it ends after an hour, and goes on with Last-Event-ID.',
      params: ExpertParams,
      headers: Type.Object({ 'last-event-id': Type.Optional(EventId) }),
      response: { 200: EventStreamAnswer },
    },
    handler: async (request, reply) => {
      const expert = await experts.findToAsk(request.userId, request.params.id)
      if (!expert) throw new Problem('EXPERT_NOT_FOUND')
      const lastEventId = request.headers['last-event-id']
      const since = lastEventId === undefined ? undefined : Number(lastEventId)
      const stream = watch.open(expert.userId, expert.id, since)
      return reply
        .headers(EVENT_STREAM_HEADERS)
        .type('text/event-stream')
        .send(stream as never)
    },
  })
}
