import type { BucketRule } from '../../adapters/s3-bucket-rules.ts'
import { S3BucketRules } from '../../adapters/s3-bucket-rules.ts'
import type { BucketConfig } from '../../config.ts'
import { loadBucketConfig } from '../../config.ts'
import { EXIT } from '../exit-codes.ts'
import { printJson } from '../output.ts'
import { UsageError } from '../usage-error.ts'
import { describeRules } from './describe-rules.ts'

type Options = {
  readonly origin?: readonly string[]
  readonly derivedDays: number
  readonly dryRun?: boolean
  readonly json?: boolean
}

const DAY_MS = 86_400_000

/** A direct upload must be over by then, and days of S3 end at midnight. */
const abortDays = (uploadLifetimeMs: number) => Math.max(7, Math.ceil(uploadLifetimeMs / DAY_MS) + 1)

/** Sets the rules of the bucket, beside those that others have set, and tells of each what there was. */
export async function setUpBucket({ origin, derivedDays, dryRun = false, json = false }: Options): Promise<void> {
  const config = loadBucketConfig()
  if (config.objects.kind !== 's3') throw new UsageError(whyNone(config))
  const { bucket } = config.objects
  const rules = new S3BucketRules(config.objects)
  const origins = [...new Set(origin ?? config.corsOrigins)]
  const wanted = { origins, derivedDays, abortDays: abortDays(config.uploadLifetimeMs) }
  const found = dryRun ? await rules.survey(wanted) : await rules.set(wanted)
  const receipt = { bucket, dry_run: dryRun, rules: found }
  if (json) printJson(receipt)
  else process.stdout.write(describeRules(receipt, origins.length > 0))
  if (found.some(isUndone)) process.exitCode = EXIT.partly
}

const isUndone = ({ state }: BucketRule) => state === 'unsupported' || state === 'refused'

function whyNone({ objects }: BucketConfig): string {
  const why = objects.kind === 'unconfigured' ? `${objects.missing.join(', ')} not set` : 'objects are kept on disk'
  return `There is no bucket to set up: ${why}. Set the S3 variables (.env.example).`
}
