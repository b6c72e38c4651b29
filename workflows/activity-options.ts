import type { ActivityOptions } from '@temporalio/workflow'
import { WEBHOOK_RETRIES } from '../domain/webhook-retries.ts'

/** Temporal's default, made explicit, but never more than half a minute apart: a service that is back is soon used again. */
const BACK_OFF = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const

/** How long Temporal waits after the given attempt, the first being 1. */
export const backOffMs = (attempt: number) => Math.min(1_000 * 2 ** (attempt - 1), 30_000)

/** As many tries as that makes in so long a time, for work that may take longer than the time by itself. */
export function triesWithin(milliseconds: number) {
  let maximumAttempts = 1
  for (let waited = backOffMs(1); waited <= milliseconds; waited += backOffMs(maximumAttempts)) maximumAttempts += 1
  return { ...BACK_OFF, maximumAttempts }
}

/** A worker that dies is noticed after the heartbeat timeout; a cancelled activity ends before its workflow goes on. */
const LONG_RUNNING = {
  heartbeatTimeout: '15s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: BACK_OFF,
} as const satisfies ActivityOptions

export const DOWNLOAD = { ...LONG_RUNNING, startToCloseTimeout: '30m' } as const satisfies ActivityOptions

/** Most of it is waiting for a process that reads; a scan of hundreds of pages is recognised in an hour. The reader has limits of its own. */
const EXTRACTION_TAKES_AT_MOST = '6h'

/**
 * On the queue of the worker that holds the file. It gets one try: where that worker is gone or busy,
 * another one stages the file again.
 */
export const EXTRACTION_ON_HOST = {
  ...LONG_RUNNING,
  scheduleToStartTimeout: '10s',
  startToCloseTimeout: EXTRACTION_TAKES_AT_MOST,
  retry: { maximumAttempts: 1 },
} as const satisfies ActivityOptions

export const EXTRACTION = {
  ...LONG_RUNNING,
  startToCloseTimeout: EXTRACTION_TAKES_AT_MOST,
} as const satisfies ActivityOptions

export const EMBEDDING = {
  ...LONG_RUNNING,
  startToCloseTimeout: '2h',
  // Eager activities bypass the rate limits of a task queue.
  allowEagerDispatch: false,
} as const satisfies ActivityOptions

export const STORING = { ...LONG_RUNNING, startToCloseTimeout: '1h' } as const satisfies ActivityOptions

/** A few queries in Postgres. They are tried until they succeed: without them no state of a file can be told. */
export const BOOKKEEPING = { startToCloseTimeout: '1m', retry: BACK_OFF } as const satisfies ActivityOptions

/** One file out of the database: a fault of the store's may pass within ten minutes; then the next run takes the file up again. */
export const MOVING = {
  ...LONG_RUNNING,
  startToCloseTimeout: '1h',
  retry: triesWithin(600_000),
} as const satisfies ActivityOptions

/** What a person waits for at a terminal: a store that does not answer is told soon. */
export const SURVEYING = { startToCloseTimeout: '5m', retry: triesWithin(15_000) } as const satisfies ActivityOptions

/** Removing vectors, tried until it succeeds: what is reported removed must be. */
export const CLEANING = { ...LONG_RUNNING, startToCloseTimeout: '1h' } as const satisfies ActivityOptions

/** A chore goes on for as long as it gets on; what it cannot do in so many tries, the next run of the schedule tries again. */
export const CHORE = {
  ...LONG_RUNNING,
  startToCloseTimeout: '6h',
  retry: { ...BACK_OFF, maximumAttempts: 8 },
} as const satisfies ActivityOptions

/** One try takes ten seconds and a query. A receiver that is away for a day has missed the event. */
export const WEBHOOK = {
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: WEBHOOK_RETRIES.togetherMs,
  retry: {
    initialInterval: WEBHOOK_RETRIES.firstMs,
    backoffCoefficient: WEBHOOK_RETRIES.factor,
    maximumInterval: WEBHOOK_RETRIES.longestMs,
  },
} as const satisfies ActivityOptions
