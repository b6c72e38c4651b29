import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Registry } from 'prom-client'
import { Type } from 'typebox'
import type { InventoryStore } from '../domain/inventory.ts'
import { measureDependencies } from './dependency-metrics.ts'
import { METRICS } from './examples/operations.ts'
import { measureInventory } from './inventory-metrics.ts'
import { measureQueues } from './queue-metrics.ts'
import type { Readiness } from './readiness.ts'
import type { Backlog } from './task-queues.ts'

export type MetricsOptions = {
  /** Of one API; what the process itself measures may be in it already. */
  readonly registry: Registry
  readonly inventory: InventoryStore
  readonly backlogs: () => Promise<readonly Backlog[]>
}

const MetricsAnswer = {
  description: 'Metrics, as docs/operations/metrics.md lists them.',
  content: { 'text/plain': { schema: Type.String(), example: METRICS } },
}

/** The numbers are of all users together, so they are the admin's. */
export const metricsRoutes: FastifyPluginAsyncTypebox<MetricsOptions & { readonly readiness: Readiness }> = async (
  app,
  { registry, inventory, backlogs, readiness },
) => {
  measureInventory(registry, inventory)
  measureQueues(registry, backlogs)
  measureDependencies(registry, readiness)

  app.route({
    method: 'GET',
    url: '/metrics',
    config: { scope: 'admin' },
    schema: {
      operationId: 'getMetrics',
      tags: ['operations'],
      summary: 'Metrics for Prometheus',
      description:
        'In the text format. Of all users together, so it takes a key with the scope admin, once there are keys.',
      response: { 200: MetricsAnswer },
    },
    handler: async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  })
}
