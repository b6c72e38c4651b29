import type { ConnectionLike } from '@temporalio/client'
import {
  ScheduleAlreadyRunning,
  ScheduleClient,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client'

export type ScheduledWorkflow = {
  readonly scheduleId: string
  readonly taskQueue: string
  /** Undefined: there is to be no schedule. */
  readonly everyMs: number | undefined
  readonly workflowType: string
  readonly input: unknown
  readonly summary: string
}

/** At the most so long after the full interval, so that deployments on one machine don't start at once. */
const JITTER_MS = 10 * 60_000

/**
 * Makes the schedule as it is wanted, whether it is there or not; processes that do so together end up with one schedule.
 * Whether an operator has paused it is left as it is.
 */
export async function ensureSchedule(
  connection: ConnectionLike,
  namespace: string,
  { everyMs, ...wanted }: ScheduledWorkflow,
): Promise<void> {
  const schedules = new ScheduleClient({ connection, namespace })
  if (everyMs === undefined) return remove(schedules, wanted.scheduleId)
  const schedule = describe({ everyMs, ...wanted })
  try {
    await schedules.create({ scheduleId: wanted.scheduleId, ...schedule })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    await schedules.getHandle(wanted.scheduleId).update(({ state }) => ({ ...schedule, state }))
  }
}

async function remove(schedules: ScheduleClient, scheduleId: string): Promise<void> {
  try {
    await schedules.getHandle(scheduleId).delete()
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error
  }
}

const describe = ({ everyMs, ...wanted }: ScheduledWorkflow & { readonly everyMs: number }) => ({
  spec: { intervals: [{ every: everyMs }], jitter: Math.min(everyMs / 10, JITTER_MS) },
  policies: {
    overlap: ScheduleOverlapPolicy.SKIP,
    // A machine that is off when the time comes does it when it is on again, once.
    catchupWindow: everyMs,
  },
  action: {
    type: 'startWorkflow' as const,
    workflowType: wanted.workflowType,
    workflowId: wanted.scheduleId,
    taskQueue: wanted.taskQueue,
    args: [wanted.input],
    staticSummary: wanted.summary,
  },
})
