import {
  APIConnectionError,
  APIError,
  APIUserAbortError,
  AuthenticationError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai'
import { retryAfterMs } from './retry-after.ts'

/** Why a service that speaks OpenAI's protocol has not answered. `foreign`: what came is no answer of the protocol. */
export type OpenAiRefusal = {
  readonly kind:
    | 'unreachable'
    | 'foreign'
    | 'auth'
    | 'no_model'
    | 'quota_exhausted'
    | 'rate_limited'
    | 'rejected'
    | 'unavailable'
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
}

/** `cause`: as OpenAI's client throws it. */
export function refusalOf(cause: unknown): OpenAiRefusal {
  const answer = cause instanceof APIError ? cause : undefined
  return { kind: kindOf(cause), status: answer?.status, retryAfterMs: answer?.headers && retryAfterMs(answer.headers) }
}

function kindOf(cause: unknown): OpenAiRefusal['kind'] {
  if (cause instanceof APIUserAbortError || cause instanceof APIConnectionError) return 'unreachable'
  if (!(cause instanceof APIError)) return 'foreign'
  // OpenAI says so with 403 too, where a project may not use the model.
  if (cause instanceof NotFoundError || cause.code === 'model_not_found') return 'no_model'
  if (cause instanceof AuthenticationError || cause instanceof PermissionDeniedError) return 'auth'
  if (cause instanceof RateLimitError)
    return [cause.code, cause.type].includes('insufficient_quota') ? 'quota_exhausted' : 'rate_limited'
  const isOurs = cause.status !== undefined && cause.status < 500 && cause.status !== 408 && cause.status !== 409
  return isOurs ? 'rejected' : 'unavailable'
}
