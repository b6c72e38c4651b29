import { FAILURES, Failure } from '../../../domain/failure.ts'
import { messageOf } from './check.ts'

/** The code, and what is particular to the case: the code's sentence speaks of files. */
export function describeError(error: unknown): string {
  if (!(error instanceof Failure)) return messageOf(error)
  const { code, message } = error
  return `${code}${message.slice(FAILURES[code].sentence.length)}`
}

export const codeOf = (error: unknown): string | undefined => (error instanceof Failure ? error.code : undefined)
