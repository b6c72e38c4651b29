import { ApiError, ApiUnreachable } from './api/api-error.ts'

/** Of 403: what is refused whatever is asked for. A quota may be full for one file, and have room for a smaller one. */
const HOPELESS: ReadonlySet<string> = new Set(['SCOPE_MISSING', 'HOST_NOT_ALLOWED'])

/** Whether what comes next would fail by it, too: the API is gone, or refuses the key. */
export const isHopeless = (error: unknown): boolean =>
  error instanceof ApiUnreachable || (error instanceof ApiError && (error.status === 401 || HOPELESS.has(error.code)))

/** As commands tell it, one among others. */
export const failureOf = (error: Error): { readonly code: string; readonly message: string } => ({
  code: error instanceof ApiError ? error.code : 'API_UNREACHABLE',
  message: error.message,
})
