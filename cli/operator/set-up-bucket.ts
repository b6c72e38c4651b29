import type { BucketRule } from '../../adapters/s3-bucket-rules.ts'
import { S3BucketRules } from '../../adapters/s3-bucket-rules.ts'
import { bucketLifetimes } from '../../adapters/wanted-bucket-rules.ts'
import type { BucketConfig } from '../../config.ts'
import { loadBucketConfig } from '../../config.ts'
import { EXIT } from '../exit-codes.ts'
import { printJson } from '../output.ts'
import { UsageError } from '../usage-error.ts'
import { describeRules } from './describe-rules.ts'

type Options = {
  readonly origin?: readonly string[]
  readonly derivedDays?: number
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** Sets the rules of the bucket, beside those that others have set, and tells of each what there was. */
export async function setUpBucket({ origin, derivedDays, dryRun = false, json = false }: Options): Promise<void> {
  const config = loadBucketConfig()
  if (config.objects.kind !== 's3') throw new UsageError(whyNone(config))
  const { bucket } = config.objects
  const rules = new S3BucketRules(config.objects)
  const origins = [...new Set(origin ?? config.corsOrigins)]
  const wanted = { origins, ...lifetimes(config, derivedDays) }
  const found = dryRun ? await rules.survey(wanted) : await rules.set(wanted)
  const receipt = { bucket, dry_run: dryRun, rules: found }
  if (json) printJson(receipt)
  else process.stdout.write(describeRules(receipt, origins.length > 0))
  if (found.every(hasFailed)) process.exitCode = EXIT.failed
  else if (found.some(isUndone)) process.exitCode = EXIT.partly
}

function lifetimes(config: BucketConfig, days: number | undefined) {
  const usual = bucketLifetimes(config)
  const derivedDays = days ?? usual.derivedDays
  const least = usual.least.derivedDays
  if (derivedDays >= least) return { ...usual, derivedDays }
  throw new UsageError(
    `--derived-days ${derivedDays} is too few: runs may need what was derived until RETRY_WINDOW and FILE_DEADLINE have passed. ${least} is the least.`,
  )
}

const hasFailed = ({ state }: BucketRule) => state === 'failed'
const isUndone = ({ state }: BucketRule) => ['unsupported', 'refused', 'failed'].includes(state)

function whyNone({ objects }: BucketConfig): string {
  const why = objects.kind === 'unconfigured' ? `${objects.missing.join(', ')} not set` : 'objects are kept on disk'
  return `There is no bucket to set up: ${why}. Set the S3 variables (.env.example).`
}
