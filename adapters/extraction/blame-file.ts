import { Unreadable } from './unreadable.ts'

/** A reader that cannot be started, as for lack of memory or of a language's data: it says nothing of the file, and is tried again. */
export class NotTheFile extends Error {
  override readonly name = 'NotTheFile'
}

/** Of an installation that is not as it should be. */
const NOT_IN_PLACE = ['ERR_MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED', 'ERR_ACCESS_DENIED']

/**
 * The one rule for what is thrown while a file is read. A reader throws at bytes that it did not expect whatever comes to hand,
 * at each of them something else, and would do so at every retry: that is the file's fault, and the error its cause, for the
 * log. What the system refuses (it names the call), or what is not in place, is not the file's: it stays an error, to be
 * retried. So does a bug of ours that comes after reading.
 * @throws Unreadable, or the error
 */
export function blameFile(error: unknown): never {
  if (error instanceof Unreadable || error instanceof NotTheFile || isOfSystem(error)) throw error
  if (error instanceof WebAssembly.RuntimeError)
    throw new Unreadable('EXTRACTION_CRASHED', 'its reader broke down', error)
  throw tooLarge(error) ?? new Unreadable('CORRUPT', 'its reader did not expect this', error)
}

function isOfSystem(error: unknown): boolean {
  const { syscall, code } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  return syscall !== undefined || NOT_IN_PLACE.includes(code ?? '')
}

/** The engine says it in words only. */
function tooLarge(error: unknown): Unreadable | undefined {
  const { message } = error instanceof Error ? error : { message: '' }
  if (/call stack/.test(message)) return new Unreadable('TOO_LARGE', 'it is nested too deeply', error)
  if (/allocation failed|string longer|Invalid string length/.test(message))
    return new Unreadable('TOO_LARGE', 'it unpacks to more than memory can hold', error)
  return undefined
}
