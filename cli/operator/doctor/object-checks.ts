import type { ObjectStoreConfig, S3Config } from '../../../config.ts'
import type { Survey } from './bucket-rule-checks.ts'
import type { Group } from './check.ts'
import { failed } from './check.ts'
import { diskChecks } from './disk-checks.ts'
import { s3Checks } from './s3-checks.ts'

/** `surveyOf`: what looks at the rules of a bucket. */
export function objectChecks(config: ObjectStoreConfig, surveyOf?: (bucket: S3Config) => Survey): Group {
  switch (config.kind) {
    case 's3':
      return s3Checks(config, surveyOf?.(config))
    case 'disk':
      return diskChecks(config)
    case 'unconfigured':
      return {
        name: 'Objects',
        checks: [{ name: 'S3', find: async () => unconfigured(config.missing) }],
      }
  }
}

const unconfigured = (missing: readonly string[]) =>
  failed(`uploads are answered with a placeholder, and their bytes are not kept`, `Set ${missing.join(', ')}`)
