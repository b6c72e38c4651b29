import type { BucketRule as FoundRule } from '../../../adapters/s3-bucket-rules.ts'
import type { Check, Finding } from './check.ts'
import { failed, ok, warning } from './check.ts'
import { describeError } from './failure-finding.ts'

/** How a rule of ours stands in the bucket, as `s3 setup` finds it. */
export type BucketRule = Omit<FoundRule, 'others'>

/** Of the bucket; changes nothing. */
export type Survey = () => Promise<readonly BucketRule[]>

const SETUP = 'npm run expertsmith -- s3 setup'
const WITHOUT = {
  cors: 'Nothing, unless pages send direct uploads: those need another server, or a key that may read the rules',
  lifecycle: 'Nothing: housekeeping aborts stale uploads, and derived/ is kept until its files are deleted',
}

/** What of the bucket's rules is as direct uploads and derived artefacts need it. */
export function bucketRuleChecks(survey: Survey, needs: readonly Check[]): Check[] {
  let surveyed: Promise<readonly BucketRule[]> | undefined
  const check = (name: string, kind: BucketRule['kind']): Check => ({
    name,
    needs,
    find: async () => {
      surveyed ??= survey()
      return describe((await surveyed).filter((rule) => rule.kind === kind))
    },
    explain: (error) => ({ detail: describeError(error), fix: SETUP }),
  })
  return [check('CORS', 'cors'), check('Lifecycle', 'lifecycle')]
}

function describe(rules: readonly BucketRule[]): Finding {
  const findings = rules.map(describeRule)
  const worst =
    findings.find(({ status }) => status === 'failed') ?? findings.find(({ status }) => status === 'warning')
  return worst ?? ok(findings.map(({ detail }) => detail).join('; ') || 'not needed: CORS_ORIGINS names no page')
}

function describeRule({ kind, id, before, wanted, fault, state, reason }: BucketRule): Finding {
  if (state === 'failed') return failed(`${reason}`, SETUP)
  if (state === 'unsupported' || state === 'refused') return warning(`${state}: ${reason}`, WITHOUT[kind])
  if (state === 'missing') return warning(`has no rule ${id} (${wanted})`, SETUP)
  if (fault !== null) return warning(`${id} ${fault} (${before})`, SETUP)
  // How long things are kept is the operator's choice; which pages may send is not met by half.
  if (state === 'different' && kind === 'cors') return warning(`${before}, not ${wanted}`, SETUP)
  return ok(before ?? wanted)
}
