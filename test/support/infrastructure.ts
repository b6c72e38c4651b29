import type { S3Config } from '../../config.ts'

export const INFRASTRUCTURE_VARIABLE = 'EXPERTSMITH_TEST_INFRASTRUCTURE'
export const TEMPLATE_DATABASE = 'expertsmith_template'

/** Where the servers of `global-setup.ts` are. */
export type Infrastructure = {
  readonly databaseUrl: string
  readonly temporalAddress: string
  readonly s3: S3Config
  readonly bundlePath: string
  /** Where tests leave what they tell of faults, a row a line. */
  readonly faultReport: string
}

export function infrastructure(): Infrastructure {
  const json = process.env[INFRASTRUCTURE_VARIABLE]
  if (!json)
    throw new Error(
      'Run tests with npm test, which starts the servers that they need; some of them: npm run test:files -- <files>',
    )
  return JSON.parse(json)
}
