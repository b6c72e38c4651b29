import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity'
import type { CallOptions } from '../domain/ports.ts'

/** Often enough that a cancellation, which only arrives in a heartbeat's reply, is noticed within seconds. */
const HEARTBEAT_EVERY_MS = 2_000

type Beat = (details: unknown) => void

/**
 * Runs `work` while heartbeating. What it passes to `beat` is kept for its next attempt, as `activityInfo().heartbeatDetails`,
 * and shown in the Web UI. The time limit of the activity, not the heartbeat, ends work that hangs.
 */
export async function heartbeating<T>(work: (options: CallOptions, beat: Beat) => Promise<T>): Promise<T> {
  let latest: unknown = activityInfo().heartbeatDetails
  const beat = (details: unknown) => {
    latest = details
    heartbeat(details)
  }
  const timer = setInterval(() => heartbeat(latest), HEARTBEAT_EVERY_MS)
  try {
    return await work({ signal: cancellationSignal() }, beat)
  } finally {
    clearInterval(timer)
  }
}
