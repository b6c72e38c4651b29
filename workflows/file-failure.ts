import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow'
import type { FailureCode, Stage } from '../domain/failure.ts'
import { FAILURES, isFailureCode } from '../domain/failure.ts'
import type { FileFailure } from '../domain/ports.ts'

/** What it means that a stage ran out of time: the fault is with what it waited for, save for extraction. */
const WHEN_OUT_OF_TIME = {
  download: 'STORAGE_UNAVAILABLE',
  extract: 'EXTRACTION_CRASHED',
  embed: 'EMBEDDING_UNAVAILABLE',
  store: 'VECTOR_STORE_UNAVAILABLE',
} as const satisfies Record<Stage, FailureCode>

/** The failure of one file as data. @throws what is not an activity's failure: that is a bug of the workflow */
export function toFileFailure(error: unknown, stage: Stage): FileFailure {
  if (!(error instanceof ActivityFailure)) throw error
  const failure = error.cause instanceof TimeoutFailure ? (error.cause.cause ?? error.cause) : error.cause
  if (isDeadline(error)) return describe('DEADLINE_EXCEEDED', stage, failure?.message)
  if (failure instanceof TimeoutFailure) return describe(WHEN_OUT_OF_TIME[stage], stage)
  if (failure instanceof ApplicationFailure && isFailureCode(failure.type))
    return { stage, code: failure.type, message: failure.message }
  return describe('INTERNAL', stage)
}

/** Whether another worker may succeed where this one did not: it is gone, or the fault was a passing one. */
export function mayRunElsewhere(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return false
  return (
    error.cause instanceof TimeoutFailure || (error.cause instanceof ApplicationFailure && !error.cause.nonRetryable)
  )
}

/** Temporal gives up before the deadline where the next try would come after it. */
const isDeadline = ({ retryState, cause }: ActivityFailure) =>
  retryState === 'TIMEOUT' && !(cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START')

function describe(code: FailureCode, stage: Stage, detail?: string): FileFailure {
  const { sentence } = FAILURES[code]
  return { stage, code, message: detail ? `${sentence} (${detail})` : sentence }
}
