import type { Connection } from '@temporalio/client'
import { embeddingQueue, webhookQueue } from '../workflows/contract.ts'

export type Backlog = {
  /** What waits there; the names of queues are the operator's. */
  readonly queue: 'workflows' | 'activities' | 'embedding' | 'webhooks'
  readonly tasks: number
  /** Of the oldest task. */
  readonly ageSeconds: number
  readonly pollers: number
}

export type TaskQueuesOptions = {
  readonly connection: Connection
  readonly namespace: string
  readonly taskQueue: string
}

const TIME_LIMIT_MS = 4_000
/** Temporal's numbers of the types of task queues. */
const WORKFLOW = 1
const ACTIVITY = 2

/** How much waits in each task queue, as Temporal says; it is about right. */
export function backlogs({ connection, namespace, taskQueue }: TaskQueuesOptions): Promise<Backlog[]> {
  const look = async (queue: Backlog['queue'], name: string, taskQueueType: number): Promise<Backlog> => {
    const request = { namespace, taskQueue: { name }, taskQueueType, reportStats: true }
    const { stats, pollers } = await connection.withDeadline(Date.now() + TIME_LIMIT_MS, () =>
      connection.workflowService.describeTaskQueue(request),
    )
    return {
      queue,
      tasks: Number(stats?.approximateBacklogCount ?? 0),
      ageSeconds: Number(stats?.approximateBacklogAge?.seconds ?? 0),
      pollers: pollers?.length ?? 0,
    }
  }
  return Promise.all([
    look('workflows', taskQueue, WORKFLOW),
    look('activities', taskQueue, ACTIVITY),
    look('embedding', embeddingQueue(taskQueue), ACTIVITY),
    look('webhooks', webhookQueue(taskQueue), ACTIVITY),
  ])
}
