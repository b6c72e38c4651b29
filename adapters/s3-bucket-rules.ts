import { isDeepStrictEqual } from 'node:util'
import type { S3Client } from '@aws-sdk/client-s3'
import { S3ServiceException } from '@aws-sdk/client-s3'
import type { S3Config } from '../config.ts'
import { createS3Client } from './s3-client.ts'
import type { RuleSection, WantedLifetimes } from './s3-rule-sections.ts'
import { corsSection, lifecycleSection } from './s3-rule-sections.ts'

export type WantedRules = WantedLifetimes & {
  /** None: no page needs to reach the bucket, and its CORS rules are left as they are. */
  readonly origins: readonly string[]
}

/** How one rule of ours stands. */
export type BucketRule = {
  readonly kind: 'cors' | 'lifecycle'
  readonly id: string
  /** For people; null where there is no such rule, or it cannot be read. */
  readonly before: string | null
  readonly wanted: string
  /** What of the rule that was there does harm. */
  readonly fault: string | null
  /** `unsupported`: by the server. `refused`: the credentials may not. `failed`: anything else. `set`: just now. */
  readonly state: 'unchanged' | 'missing' | 'different' | 'set' | 'unsupported' | 'refused' | 'failed'
  /** Why it is unsupported or refused, or has failed. */
  readonly reason: string | null
  /** How many rules there are beside ours, which stay as they are. */
  readonly others: number
}

type Named = { readonly ID?: string | undefined }

/** The CORS and lifecycle rules of a bucket, in which other programs may have theirs. */
export class S3BucketRules {
  readonly #config: S3Config
  readonly #client: S3Client

  constructor(config: S3Config) {
    this.#config = config
    // Nobody retries for a person at a terminal.
    this.#client = createS3Client(config, { maxAttempts: 3 })
  }

  /** Compares, and changes nothing. */
  survey(wanted: WantedRules): Promise<BucketRule[]> {
    return this.#each(wanted, compare)
  }

  /** Sets what is missing or different. That one kind fails keeps neither the other from being set, nor what was set from being told. */
  set(wanted: WantedRules): Promise<BucketRule[]> {
    return this.#each(wanted, compareAndSet)
  }

  async #each(
    { origins, ...lifetimes }: WantedRules,
    see: <R extends Named>(section: RuleSection<R>) => Promise<BucketRule[]>,
  ): Promise<BucketRule[]> {
    const { bucket } = this.#config
    return [
      ...(await this.#orWhyNot(corsSection(this.#client, bucket, origins), see)),
      ...(await this.#orWhyNot(lifecycleSection(this.#client, bucket, lifetimes), see)),
    ]
  }

  async #orWhyNot<R extends Named>(
    section: RuleSection<R>,
    see: (section: RuleSection<R>) => Promise<BucketRule[]>,
  ): Promise<BucketRule[]> {
    if (section.wanted.length === 0) return []
    try {
      return await see(section)
    } catch (error) {
      const found = whyNot(error, section.kind)
      return section.wanted.map((rule) => ({
        ...{ kind: section.kind, id: rule.ID, before: null, wanted: section.describe(rule) },
        ...{ fault: null, others: 0 },
        ...found,
      }))
    }
  }
}

async function compare<R extends Named>(section: RuleSection<R>): Promise<BucketRule[]> {
  const { rules } = await section.read()
  return compareRules(section, rules)
}

async function compareAndSet<R extends Named>(section: RuleSection<R>): Promise<BucketRule[]> {
  const { rules, write } = await section.read()
  const compared = compareRules(section, rules)
  if (compared.every(({ state }) => state === 'unchanged')) return compared
  await write([...othersIn(section, rules), ...section.wanted])
  return compared.map((rule) => (rule.state === 'unchanged' ? rule : { ...rule, state: 'set' }))
}

function compareRules<R extends Named>(section: RuleSection<R>, rules: readonly R[]): BucketRule[] {
  const others = othersIn(section, rules).length
  return section.wanted.map((wanted) => {
    const found = rules.find(({ ID }) => ID === wanted.ID)
    const state = !found ? 'missing' : isSame(found, wanted) ? 'unchanged' : 'different'
    return {
      ...{ kind: section.kind, id: wanted.ID, state, reason: null, others },
      ...{ fault: found ? section.faultOf(found) : null },
      ...{ before: found ? section.describe(found) : null, wanted: section.describe(wanted) },
    }
  })
}

const othersIn = <R extends Named>({ wanted }: RuleSection<R>, rules: readonly R[]) =>
  rules.filter(({ ID }) => wanted.every((own) => own.ID !== ID))

/** Servers keep lists in an order of their own. */
const isSame = (a: object, b: object) => isDeepStrictEqual(inOrder(a), inOrder(b))

const inOrder = (rule: object) =>
  Object.fromEntries(
    Object.entries(rule)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, Array.isArray(value) ? value.toSorted() : value]),
  )

const PERMISSIONS = {
  cors: 's3:GetBucketCORS and s3:PutBucketCORS',
  lifecycle: 's3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration',
}

function whyNot(error: unknown, kind: 'cors' | 'lifecycle'): Pick<BucketRule, 'state' | 'reason'> {
  if (!(error instanceof S3ServiceException)) return { state: 'failed', reason: describe(error) }
  const status = error.$metadata.httpStatusCode
  if (status === 501 || status === 405 || error.name === 'NotImplemented')
    return { state: 'unsupported', reason: `the server answered ${error.name}` }
  if (error.name === 'AccessDenied')
    return { state: 'refused', reason: `the credentials lack ${PERMISSIONS[kind]} on the bucket` }
  return { state: 'failed', reason: describe(error) }
}

const describe = (error: unknown) =>
  error instanceof Error ? [error.name, error.message].filter(Boolean).join(': ') : String(error)
