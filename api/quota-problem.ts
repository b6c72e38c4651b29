import type { QuotaExceeded } from '../domain/quota.ts'
import type { TokensUsedUp } from '../domain/usage.ts'
import { Problem } from './problem.ts'

/** What the client needs to know of a quota that has no room: which one, how much there is, how much of it is used. */
export function fromQuota({ quota, limit, used, asked, message }: QuotaExceeded, more?: string): Problem {
  const detail = more === undefined ? message : `${message} ${more}`
  return new Problem('QUOTA_EXCEEDED', { detail, extra: { quota, limit, used, asked } })
}

export function fromTokens({ limit, used, renewsAt, message }: TokensUsedUp): Problem {
  const retry_after_seconds = Math.max(1, Math.ceil((renewsAt.getTime() - Date.now()) / 1_000))
  const extra = { quota: 'tokens_per_day', limit, used, renews_at: renewsAt.toISOString(), retry_after_seconds }
  return new Problem('TOKEN_QUOTA_EXHAUSTED', { detail: message, extra })
}
