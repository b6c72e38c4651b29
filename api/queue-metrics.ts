import type { Registry } from 'prom-client'
import { Cached } from './cached.ts'
import { gaugeOf } from './gauge-of.ts'
import type { Backlog } from './task-queues.ts'

const FRESH_MS = 10_000

/** What waits in Temporal's task queues. */
export function measureQueues(registry: Registry, look: () => Promise<readonly Backlog[]>): void {
  const backlogs = new Cached(look, () => FRESH_MS)
  const gauge = (name: string, help: string, measure: (backlog: Backlog) => number) =>
    gaugeOf(registry, () => backlogs.get())({
      name: `task_queue_${name}`,
      help,
      labels: ['queue'],
      set: (gauge, queues) => {
        for (const backlog of queues) gauge.set({ queue: backlog.queue }, measure(backlog))
      },
    })
  gauge('backlog_tasks', 'Tasks that wait for a worker, about.', ({ tasks }) => tasks)
  gauge('backlog_age_seconds', 'How long the oldest task waits for a worker, about.', ({ ageSeconds }) => ageSeconds)
  gauge('pollers', 'Pollers that asked for tasks lately.', ({ pollers }) => pollers)
}
