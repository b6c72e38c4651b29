import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity'
import type { CallOptions } from '../domain/ports.ts'

/** Often enough that a cancellation, which only arrives in a heartbeat's reply, is noticed within seconds. */
const HEARTBEAT_EVERY_MS = 2_000

type Beat = (details: unknown) => void

/**
 * Runs `work` while heartbeating. What it passes to `beat` is kept for its next attempt, as `activityInfo().heartbeatDetails`,
 * and shown in the Web UI, from the next heartbeat on. The time limit of the activity, not the heartbeat, ends work that hangs.
 */
export async function heartbeating<T>(work: (options: CallOptions, beat: Beat) => Promise<T>): Promise<T> {
  let latest: unknown = activityInfo().heartbeatDetails
  // Not sent at once: a small file is done before the first heartbeat is due, and each of them costs Temporal a write.
  const beat = (details: unknown) => {
    latest = details
  }
  const timer = setInterval(() => heartbeat(latest), HEARTBEAT_EVERY_MS)
  try {
    return await work({ signal: cancellationSignal() }, beat)
  } catch (error) {
    // The next attempt goes on from here, not from the last heartbeat that was due.
    heartbeat(latest)
    throw error
  } finally {
    clearInterval(timer)
  }
}
