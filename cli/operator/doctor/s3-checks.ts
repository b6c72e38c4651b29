import { randomUUID } from 'node:crypto'
import { S3ObjectStore } from '../../../adapters/s3-object-store.ts'
import { S3Probe } from '../../../adapters/s3-probe.ts'
import type { S3Config } from '../../../config.ts'
import { bucketRuleChecks, type Survey } from './bucket-rule-checks.ts'
import type { Check, Finding, Group } from './check.ts'
import { failed, ok, reasonOf, warning } from './check.ts'
import { codeOf, describeError } from './failure-finding.ts'
import { addressOf, allow, clock, fixes, publicity } from './s3-findings.ts'

/** Tries what the product does with its bucket, with one tiny object, which is removed however the checks end. */
export function s3Checks(config: S3Config, survey?: Survey): Group {
  const key = `doctor/${randomUUID()}`
  const probe = new S3Probe(config, key)
  const { bucket } = config
  const fixFor = (error: unknown, permission: string) => fixes(config)[codeOf(error) ?? ''] ?? allow(bucket, permission)
  const step = (name: string, permission: string, check: Omit<Check, 'name' | 'explain'>): Check => ({
    name,
    explain: (error) => ({ detail: describeError(error), fix: fixFor(error, permission) }),
    ...check,
  })

  const network: Check = {
    name: 'Connectivity',
    find: async (signal) => clock(await probe.reach(signal), addressOf(config)),
    explain: (error) => ({
      detail: `${addressOf(config)}: ${reasonOf(error)}`,
      fix: fixes(config).STORAGE_UNAVAILABLE,
    }),
  }
  const listing = once((signal: AbortSignal) => probe.list(signal))
  const credentials = step('Credentials', '', {
    needs: [network],
    find: (signal) => unless(['BUCKET_MISSING', 'OBJECT_ACCESS_DENIED'], listing(signal), ok('are accepted')),
  })
  const there = step('Bucket', '', {
    needs: [credentials],
    find: (signal) => unless(['OBJECT_ACCESS_DENIED'], listing(signal), ok(`${bucket} is there, in ${config.region}`)),
  })
  const list = step('Permission to list', 's3:ListBucket', {
    needs: [there],
    find: async (signal) => ok((await listing(signal)) ? `shows ${key} already` : 's3:ListBucket'),
  })
  const put = step('Permission to put', 's3:PutObject', {
    needs: [there],
    find: async (signal) => {
      await probe.put(signal)
      return ok('s3:PutObject')
    },
  })
  const get = step('Permission to get', 's3:GetObject', {
    needs: [put],
    find: async (signal) =>
      (await probe.get(signal))
        ? ok('s3:GetObject; the bytes are those that were put')
        : failed('the bytes are not those that were put', 'Look for a proxy or a cache between here and the bucket'),
  })
  const anonymous = step('No public access', '', {
    needs: [put],
    find: async (signal) =>
      publicity(await probe.anonymousStatus(new S3ObjectStore(config).urlOf(key), signal), bucket),
  })
  const remove = step('Permission to delete', 's3:DeleteObject', {
    needs: [put],
    after: [get, anonymous],
    find: async (signal) => {
      await probe.delete(signal)
      return ok('s3:DeleteObject')
    },
  })
  const multipart = step(
    'Permission to upload in parts',
    's3:PutObject, s3:AbortMultipartUpload, s3:ListBucketMultipartUploads',
    {
      needs: [there],
      find: async (signal) =>
        (await probe.multipart(signal))
          ? ok('begun, listed, aborted')
          : warning(
              'the bucket does not list uploads that are not complete, so housekeeping cannot abort stale ones',
              `Set a lifecycle rule that does, or ${allow(bucket, 's3:ListBucketMultipartUploads')}`,
            ),
    },
  )
  const about = (name: string, find: (signal: AbortSignal) => Promise<Finding>): Check => ({
    name,
    needs: [there],
    find: (signal) => find(signal).catch((error: unknown) => ok(`cannot be told (${describeError(error)})`)),
  })
  const encryption = about('Encryption', async (signal) => {
    const algorithms = await probe.encryption(signal)
    return ok(algorithms.join(', ') || 'none by default')
  })
  const versioning = about('Versioning', async (signal) =>
    ok(
      (await probe.isVersioned(signal))
        ? 'on: deleted originals can be brought back'
        : 'off: back originals up by a copy',
    ),
  )
  const rules = survey ? bucketRuleChecks(survey, [there]) : []
  return {
    name: `Objects: S3, ${bucket}`,
    checks: [
      network,
      credentials,
      there,
      list,
      put,
      get,
      remove,
      multipart,
      anonymous,
      ...rules,
      encryption,
      versioning,
    ],
    close: () => probe.close(),
  }
}

/** A failure of these codes is another check's to tell. */
async function unless(codes: readonly string[], work: Promise<unknown>, finding: Finding): Promise<Finding> {
  try {
    await work
  } catch (error) {
    if (!codes.includes(codeOf(error) ?? '')) throw error
  }
  return finding
}

function once<A, T>(work: (argument: A) => Promise<T>): (argument: A) => Promise<T> {
  let result: Promise<T> | undefined
  return (argument) => {
    result ??= work(argument)
    return result
  }
}
