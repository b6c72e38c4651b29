import type { CORSRule, LifecycleRule, S3Client } from '@aws-sdk/client-s3'
import {
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import type { Lifetimes } from './wanted-bucket-rules.ts'
import { describeCors, describeLifecycle, lifecycleFault, wantedCors, wantedLifecycle } from './wanted-bucket-rules.ts'

/** `least`: below which a rule does harm. */
export type WantedLifetimes = Lifetimes & { readonly least?: Lifetimes | undefined }

const NO_LEAST: Lifetimes = { abortDays: 0, derivedDays: 0 }

/** S3 keeps the rules of a kind as one document, which is read and written as a whole. */
export type RuleSection<R> = {
  readonly kind: 'cors' | 'lifecycle'
  readonly wanted: readonly (R & { ID: string })[]
  readonly describe: (rule: R) => string
  /** What of a rule that is there does harm. */
  readonly faultOf: (rule: R) => string | null
  /** `write` replaces all of them. */
  readonly read: () => Promise<{ readonly rules: readonly R[]; readonly write: (rules: R[]) => Promise<unknown> }>
}

export const corsSection = (client: S3Client, Bucket: string, origins: readonly string[]): RuleSection<CORSRule> => ({
  kind: 'cors',
  wanted: origins.length > 0 ? [wantedCors(origins)] : [],
  describe: describeCors,
  faultOf: () => null,
  read: async () => {
    const found = client.send(new GetBucketCorsCommand({ Bucket }))
    const { CORSRules = [] } = await orNone(found, 'NoSuchCORSConfiguration')
    const write = (rules: CORSRule[]) =>
      client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: rules } }))
    return { rules: CORSRules, write }
  },
})

export const lifecycleSection = (
  client: S3Client,
  Bucket: string,
  { least, ...lifetimes }: WantedLifetimes,
): RuleSection<LifecycleRule> => ({
  kind: 'lifecycle',
  wanted: wantedLifecycle(lifetimes),
  describe: describeLifecycle,
  faultOf: (rule) => lifecycleFault(rule, least ?? NO_LEAST),
  read: async () => {
    const found = client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
    const { Rules = [], TransitionDefaultMinimumObjectSize } = await orNone(found, 'NoSuchLifecycleConfiguration')
    const write = (rules: LifecycleRule[]) =>
      client.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket,
          LifecycleConfiguration: { Rules: rules },
          // A part of the document that would be reset, and belongs to others' rules.
          ...(TransitionDefaultMinimumObjectSize && { TransitionDefaultMinimumObjectSize }),
        }),
      )
    return { rules: Rules, write }
  },
})

async function orNone<T extends object>(reading: Promise<T>, none: string): Promise<Partial<T>> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === none) return {}
    throw error
  }
}
