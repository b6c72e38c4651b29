import type { CORSRule, LifecycleRule } from '@aws-sdk/client-s3'

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
