import type { Reader } from './reader.ts'

/** Of each user; what is undefined has no limit. */
export type QuotaConfig = {
  readonly files: number | undefined
  readonly bytes: number | undefined
  readonly tokensPerDay: number | undefined
}

export const quota = (from: Reader): QuotaConfig => ({
  files: from.limit('QUOTA_FILES'),
  bytes: from.limit('QUOTA_BYTES', 1_000_000_000_000_000),
  tokensPerDay: from.limit('QUOTA_TOKENS_PER_DAY'),
})
