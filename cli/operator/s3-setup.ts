import { Command, InvalidArgumentError } from 'commander'
import type { BucketRule } from '../../adapters/s3-bucket-rules.ts'
import { S3BucketRules } from '../../adapters/s3-bucket-rules.ts'
import type { BucketConfig } from '../../config.ts'
import { loadBucketConfig } from '../../config.ts'
import { describeRules } from './describe-rules.ts'

type Options = {
  readonly origin?: readonly string[]
  readonly derivedDays: number
  readonly dryRun?: boolean
  readonly json?: boolean
}

const DAY_MS = 86_400_000
/** A run may look for what was derived of its files until its last retry: RETRY_WINDOW and FILE_DEADLINE, and some days. */
const LEAST_DERIVED_DAYS = 8
const DERIVED_DAYS = 30

/** A direct upload must be over by then, and days of S3 end at midnight. */
const abortDays = (uploadLifetimeMs: number) => Math.max(7, Math.ceil(uploadLifetimeMs / DAY_MS) + 1)

export const s3 = () => new Command('s3').description('See to the bucket.').addCommand(setup())

const setup = () =>
  new Command('setup')
    .description(
      'Sets the CORS and lifecycle rules of the bucket that direct uploads and derived artefacts need, beside those that others have set. Says of each what there was.',
    )
    .option('--origin <origin...>', 'pages that send direct uploads; unset: those of CORS_ORIGINS', toOrigin)
    .option('--derived-days <days>', 'after how many days what was derived of files goes', toDays, DERIVED_DAYS)
    .option('--dry-run', 'only say what would be set')
    .option('--json', 'print the rules as JSON')
    .action(run)

async function run({ origin, derivedDays, dryRun = false, json = false }: Options): Promise<void> {
  const config = loadBucketConfig()
  if (config.objects.kind !== 's3') return refuse(config)
  const { bucket } = config.objects
  const rules = new S3BucketRules(config.objects)
  const origins = [...new Set(origin ?? config.corsOrigins)]
  const wanted = { origins, derivedDays, abortDays: abortDays(config.uploadLifetimeMs) }
  const found = dryRun ? await rules.survey(wanted) : await rules.set(wanted)
  const receipt = { bucket, dry_run: dryRun, rules: found }
  process.stdout.write(json ? `${JSON.stringify(receipt, null, 2)}\n` : describeRules(receipt, origins.length > 0))
  if (found.some(isUndone)) process.exitCode = 3
}

const isUndone = ({ state }: BucketRule) => state === 'unsupported' || state === 'refused'

function refuse({ objects }: BucketConfig): void {
  const why = objects.kind === 'unconfigured' ? `${objects.missing.join(', ')} not set` : 'objects are kept on disk'
  process.stderr.write(`✘ There is no bucket to set up: ${why}. Set the S3 variables (.env.example).\n`)
  process.exitCode = 2
}

/** As browsers name it: no path, and no slash at the end. */
function toOrigin(given: string, others: readonly string[] = []): string[] {
  const isOrigin = given === '*' || (URL.canParse(given) && new URL(given).origin === given)
  if (!isOrigin) throw new InvalidArgumentError('An origin is https://app.example.org, or * for any page.')
  return [...others, given]
}

function toDays(given: string): number {
  const days = Number(given)
  if (Number.isInteger(days) && days >= LEAST_DERIVED_DAYS) return days
  throw new InvalidArgumentError(
    `A whole number from ${LEAST_DERIVED_DAYS} on: runs that wait for a retry still need what was derived.`,
  )
}
