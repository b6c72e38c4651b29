import { setTimeout as delay } from 'node:timers/promises'
import { ApiError, ApiUnreachable } from './api-error.ts'

const TRIES = 6
/** The API holds a request whose connection it has lost for up to 20 s, and asks to come back each second. */
const TRIES_UNDER_WAY = 40
const FIRST_WAIT_MS = 500
/** Somebody waits for the command. */
const LONGEST_WAIT_MS = 120_000

export type Repeats = {
  /** Whether a connection that fails may be one that was cut; else nothing is there to wait for. */
  readonly wasReached: () => boolean
  readonly onWait: (milliseconds: number, why: Error) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks again where the API asks to wait (429, 503, a repeat that is under way) and where the connection was cut, a few times.
 * Every request of ours may come twice: what makes something has an Idempotency-Key, and the others are harmless.
 */
export async function repeatedly<T>(attempt: () => Promise<T>, repeats: Repeats): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (repeats.signal?.aborted || !(error instanceof Error) || tries >= triesOf(error)) throw error
      const milliseconds = waitAfter(error, tries, repeats.wasReached())
      if (milliseconds === undefined || milliseconds > LONGEST_WAIT_MS) throw error
      repeats.onWait(milliseconds, error)
      await delay(milliseconds, undefined, repeats.signal && { signal: repeats.signal })
    }
  }
}

const triesOf = (error: Error) =>
  error instanceof ApiError && error.code === 'REQUEST_UNDER_WAY' ? TRIES_UNDER_WAY : TRIES

function waitAfter(error: Error, tries: number, wasReached: boolean): number | undefined {
  const backOff = FIRST_WAIT_MS * 2 ** (tries - 1)
  if (error instanceof ApiUnreachable) return wasReached ? backOff : undefined
  return isToWait(error) ? (error.retryAfterMs ?? backOff) : undefined
}

const isToWait = (error: Error): error is ApiError =>
  error instanceof ApiError && (error.status === 429 || error.status === 503 || error.code === 'REQUEST_UNDER_WAY')
