import type { FailureCode } from '../domain/failure.ts'
import { isFailureCode } from '../domain/failure.ts'
import { counted } from './markdown.ts'

/** Why a re-index does not go on by itself. */
export type ReindexPause = { readonly code?: FailureCode; readonly reason: string }

export const pauseAsked: ReindexPause = { reason: 'It was asked to pause.' }

/** Of a run that was started again: a reason that begins with a code is that of a failure. */
export function pauseOf(reason: string | null): ReindexPause {
  const code = /^([A-Z_]+): /.exec(reason ?? '')?.[1]
  return { reason: reason ?? 'It was paused.', ...(code !== undefined && isFailureCode(code) && { code }) }
}

export const pauseBy = ({ code, message }: { code: FailureCode; message: string }): ReindexPause => ({
  code,
  reason: `${code}: ${message}`,
})

export const pauseOfFailed = (failed: number): ReindexPause => ({
  reason: `${counted(failed, 'file')} cannot be indexed anew. Resume it to try again, take these files out of the expert, or end it.`,
})

export const pauseInVain = (pending: number): ReindexPause => ({
  reason: `${counted(pending, 'file')} would be built again and again: three passes have changed nothing. Is their content being replaced all the time? Resume it to try again, or end it.`,
})
