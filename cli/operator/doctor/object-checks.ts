import { randomUUID } from 'node:crypto'
import { createObjectStore } from '../../../adapters/from-config.ts'
import type { ObjectStoreConfig, S3Config } from '../../../config.ts'
import type { Survey } from './bucket-rule-checks.ts'
import type { Group } from './check.ts'
import { failed, ok } from './check.ts'
import { describeError } from './failure-finding.ts'
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

function diskChecks(config: Extract<ObjectStoreConfig, { kind: 'disk' }>): Group {
  const objects = createObjectStore(config)
  const key = `doctor/${randomUUID()}`
  return {
    name: 'Objects: disk',
    checks: [
      {
        name: 'Folder',
        find: async () => {
          await objects.upload(key, Buffer.from(key))
          return (await objects.size(key)) === key.length
            ? ok(`${config.dir} takes objects`)
            : failed(`${config.dir} does not keep what it is given`, 'Set OBJECT_DIR to a disk that does')
        },
        explain: (error) => ({
          detail: describeError(error),
          fix: `Make it writable: chown -R "$(id -u)" ${config.dir}, or set OBJECT_DIR`,
        }),
      },
    ],
    close: () => objects.delete(key),
  }
}
