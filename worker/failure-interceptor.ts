import {
  ApplicationFailure,
  activityInfo,
  CancelledFailure,
  CompleteAsyncError,
  cancellationSignal,
  log,
} from '@temporalio/activity'
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker'
import { DatabaseUnavailable } from '../domain/database-unavailable.ts'
import { FAILURES, Failure } from '../domain/failure.ts'
import { backOffMs } from '../workflows/activity-options.ts'

/**
 * Turns what an activity throws into what Temporal and the workflow act upon: an `ApplicationFailure` whose type is the
 * failure's code. Causes stay in the log: they are the vendor's words, which may hold what must not enter a history.
 */
export class FailureInterceptor implements ActivityInboundCallsInterceptor {
  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    try {
      return await next(input)
    } catch (error) {
      throw toApplicationFailure(error)
    }
  }
}

function toApplicationFailure(error: unknown): unknown {
  if (error instanceof Failure) return fromFailure(error)
  if (error instanceof DatabaseUnavailable)
    return fromFailure(new Failure('DATABASE_UNAVAILABLE', {}, { cause: error }))
  if (isTemporals(error)) return error
  // Most come of a network or a disk that is about to be back, so Temporal tries again: a stage of a file until its retry
  // budget is used up, bookkeeping until it succeeds.
  log.warn('⚠️ Unexpected error', { error: describe(error), attempt: activityInfo().attempt })
  return ApplicationFailure.create({ type: 'INTERNAL', message: FAILURES.INTERNAL.sentence })
}

function fromFailure({ code, message, fields, cause, retryAfterMs }: Failure): ApplicationFailure {
  const retryable = FAILURES[code].retryable || isTriedUntilItSucceeds()
  log.warn(`⚠️ ${message}`, {
    ...fields,
    code,
    retried: retryable,
    ...(cause !== undefined && { cause: describe(cause) }),
  })
  return ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: !retryable,
    // Never sooner than the back-off: tries are counted, and a budget of tries must last as long as it says.
    ...(retryAfterMs !== undefined && { nextRetryDelay: Math.max(retryAfterMs, backOffMs(activityInfo().attempt)) }),
  })
}

/**
 * Work without a limit of tries, such as removing the vectors of what is deleted, has to be done whatever is wrong now: a wrong
 * key is corrected some day, and given up it would leave them behind. The stages of a file have a limit.
 */
function isTriedUntilItSucceeds(): boolean {
  const { maximumAttempts = 0 } = activityInfo().retryPolicy ?? {}
  return maximumAttempts === 0 || maximumAttempts === Number.POSITIVE_INFINITY
}

/** Cancellations and failures that were made for Temporal pass as they are. */
const isTemporals = (error: unknown) =>
  error instanceof ApplicationFailure ||
  error instanceof CancelledFailure ||
  error instanceof CompleteAsyncError ||
  isOfCancellation(error)

/** What Node's own functions throw when their signal is aborted. */
const isOfCancellation = (error: unknown) =>
  cancellationSignal().aborted && error instanceof Error && error.name === 'AbortError'

const describe = (error: unknown) =>
  error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : String(error)
