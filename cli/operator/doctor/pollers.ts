import type { Connection } from '@temporalio/client'

export const WORKFLOWS = 1
export const ACTIVITIES = 2

/** A poll lasts a minute; the server remembers for five those who came. */
const GONE_AFTER_MS = 75_000

export type Poller = { readonly identity: string; readonly buildId: string | undefined }

/** The workers that wait for tasks of the queue now. */
export async function pollersOf(
  service: Connection['workflowService'],
  namespace: string,
  name: string,
  taskQueueType: typeof WORKFLOWS | typeof ACTIVITIES,
): Promise<Poller[]> {
  const { pollers } = await service.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType })
  const since = Date.now() - GONE_AFTER_MS
  return (pollers ?? [])
    .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000 > since)
    .map(({ identity, deploymentOptions }) => ({
      identity: identity ?? '',
      buildId: deploymentOptions?.buildId || undefined,
    }))
}
