import type { FastifyInstance } from 'fastify'

/** Once the API stops, each answer ends its connection: one that is kept alive, with nothing to come, would hold the end up for a minute. */
export function closeConnectionsAtTheEnd(app: FastifyInstance): void {
  let isStopping = false
  app.addHook('preClose', async () => {
    isStopping = true
  })
  app.addHook('onSend', async (_, reply) => {
    if (isStopping) reply.header('connection', 'close')
  })
}
