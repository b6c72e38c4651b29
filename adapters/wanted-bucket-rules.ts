import type { CORSRule, LifecycleRule } from '@aws-sdk/client-s3'
import { DERIVED_DAYS } from '../domain/derived-days.ts'

/* What `expertsmith s3 setup` wants of a bucket. Each rule is known by its id; others are somebody else's. */

/** `origins`: of pages that send direct uploads. */
export const wantedCors = (origins: readonly string[]): CORSRule & { ID: string } => ({
  ID: 'expertsmith-direct-uploads',
  AllowedMethods: ['PUT', 'GET', 'HEAD'],
  AllowedOrigins: [...origins],
  AllowedHeaders: ['*'],
  ExposeHeaders: ['ETag', 'x-amz-checksum-sha256'],
  MaxAgeSeconds: 3_600,
})

/** In whole days: when uploads that were never finished are aborted, and when what was derived of files goes. */
export type Lifetimes = { readonly abortDays: number; readonly derivedDays: number }

const DAY_MS = 86_400_000
const ABORT_DAYS = 7

type Spans = { readonly uploadLifetimeMs: number; readonly retryWindowMs: number; readonly fileDeadlineMs: number }

/** What is set where nobody says otherwise; `least`: what does no harm. A run may look for what was derived until its last retry. */
export function bucketLifetimes({ uploadLifetimeMs, retryWindowMs, fileDeadlineMs }: Spans) {
  const least = {
    abortDays: Math.ceil(uploadLifetimeMs / DAY_MS),
    derivedDays: Math.ceil((retryWindowMs + fileDeadlineMs) / DAY_MS),
  }
  return {
    // Days of S3 end at midnight.
    abortDays: Math.max(ABORT_DAYS, least.abortDays + 1),
    derivedDays: Math.max(DERIVED_DAYS, least.derivedDays),
    least,
  }
}

/** What of a rule that is there does harm: that it is off, or goes to work before `least`. Null where nothing does. */
export function lifecycleFault(rule: LifecycleRule, least: Lifetimes): string | null {
  if (rule.Status !== 'Enabled') return 'is disabled'
  const aborts = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation
  if (aborts !== undefined && aborts < least.abortDays) return 'aborts uploads before UPLOAD_LIFETIME has passed'
  const deletes = rule.Expiration?.Days
  if (deletes !== undefined && deletes < least.derivedDays)
    return 'deletes what runs may need until RETRY_WINDOW and FILE_DEADLINE have passed'
  return null
}

export function wantedLifecycle({ abortDays, derivedDays }: Lifetimes): (LifecycleRule & { ID: string })[] {
  const AbortIncompleteMultipartUpload = { DaysAfterInitiation: abortDays }
  const rule = (ID: string, Prefix: string) => ({ ID, Status: 'Enabled' as const, Filter: { Prefix } })
  return [
    { ...rule('expertsmith-uploads', 'uploads/'), AbortIncompleteMultipartUpload },
    { ...rule('expertsmith-derived', 'derived/'), AbortIncompleteMultipartUpload, Expiration: { Days: derivedDays } },
  ]
}

export const describeCors = ({ AllowedMethods = [], AllowedOrigins = [] }: CORSRule) =>
  `${AllowedMethods.join(', ')} from ${AllowedOrigins.join(', ')}`

export function describeLifecycle(rule: LifecycleRule): string {
  const { AbortIncompleteMultipartUpload: abort, Expiration, Filter, Status } = rule
  const what = [
    ...(Expiration?.Days === undefined ? [] : [`delete after ${Expiration.Days} days`]),
    ...(abort?.DaysAfterInitiation === undefined ? [] : [`abort uploads after ${abort.DaysAfterInitiation} days`]),
  ]
  const off = Status === 'Enabled' ? '' : ' (disabled)'
  return `${Filter?.Prefix ?? rule.Prefix ?? ''}: ${what.join(', ') || 'something else'}${off}`
}
