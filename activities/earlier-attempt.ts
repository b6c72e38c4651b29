import { activityInfo } from '@temporalio/activity'

/** What an earlier attempt of this activity told in its last heartbeat; nothing where there was none. */
export function earlierAttempt<T extends object>(): Partial<T> {
  const details: unknown = activityInfo().heartbeatDetails
  return typeof details === 'object' && details !== null ? (details as Partial<T>) : {}
}
