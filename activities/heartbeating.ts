import { activityInfo, cancellationSignal, getClient, heartbeat } from '@temporalio/activity'
import { ActivityCancelledError, ActivityPausedError, ActivityResetError } from '@temporalio/client'
import type { CallOptions } from '../domain/ports.ts'

/** Often enough that a cancellation, which only arrives in a heartbeat's reply, is noticed within seconds. */
const HEARTBEAT_EVERY_MS = 2_000

type Beat = (details: unknown) => void
/** Resolves once Temporal has the details, so that the next attempt will know them whatever happens from now on. */
type Keep = (details: object) => Promise<void>

/**
 * Runs `work` while heartbeating. What it passes to `beat` is kept for its next attempt, as `activityInfo().heartbeatDetails`,
 * and shown in the Web UI; the SDK may send it seconds later, which `keep` does not leave to it. The time limit of the
 * activity, not the heartbeat, ends work that hangs.
 */
export async function heartbeating<T>(work: (options: CallOptions, beat: Beat, keep: Keep) => Promise<T>): Promise<T> {
  let latest: unknown = activityInfo().heartbeatDetails
  const beat = (details: unknown) => {
    latest = details
    heartbeat(details)
  }
  const keep = async (details: object) => {
    // In place of an older one that the SDK still holds back, and would send afterwards.
    beat(details)
    await record(details)
  }
  const timer = setInterval(() => heartbeat(latest), HEARTBEAT_EVERY_MS)
  try {
    return await work({ signal: cancellationSignal() }, beat, keep)
  } finally {
    clearInterval(timer)
  }
}

/** @throws ActivityNotFoundError where this attempt was given up */
async function record(details: object): Promise<void> {
  try {
    await getClient().activity.heartbeat(activityInfo().taskToken, details)
  } catch (error) {
    if (!isKeptAllTheSame(error)) throw error
  }
}

/** Temporal has the details, and asks for something that the SDK is told too. */
const isKeptAllTheSame = (error: unknown) =>
  error instanceof ActivityCancelledError || error instanceof ActivityPausedError || error instanceof ActivityResetError
