import { randomUUID } from 'node:crypto'
import { S3ObjectStore } from '../../../adapters/s3-object-store.ts'
import { S3Probe } from '../../../adapters/s3-probe.ts'
import type { S3Config } from '../../../config.ts'
import type { Check, Finding, Group } from './check.ts'
import { failed, messageOf, ok, warning } from './check.ts'
import { codeOf, describeError } from './failure-finding.ts'

/** S3 refuses requests that are signed with a time further away. */
const SKEW_REFUSED_MS = 15 * 60_000
const SKEW_NOTED_MS = 60_000

/** Tries what the product does with its bucket, with one tiny object, which is removed however the checks end. */
export function s3Checks(config: S3Config): Group {
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
  return {
    name: `Objects: S3, ${bucket}`,
    checks: [network, credentials, there, list, put, get, remove, multipart, anonymous, encryption, versioning],
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

function clock(server: Date | undefined, address: string): Finding {
  const skew = server ? Date.now() - server.getTime() : 0
  const seconds = Math.round(skew / 1_000)
  const detail = `${address} answers; its clock is ${seconds === 0 ? 'ours' : `${Math.abs(seconds)} s ${seconds < 0 ? 'ahead' : 'behind'}`}`
  const fix = 'Set the clock of this machine: sudo timedatectl set-ntp true'
  if (Math.abs(skew) > SKEW_REFUSED_MS) return failed(`${detail}, so S3 refuses what we sign`, fix)
  return Math.abs(skew) > SKEW_NOTED_MS ? warning(detail, fix) : ok(detail)
}

function publicity(status: number, bucket: string): Finding {
  if (status === 403 || status === 401) return ok(`an unsigned GET is answered ${status}`)
  const fix = `aws s3api put-public-access-block --bucket ${bucket} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`
  if (status === 200) return failed('anybody may read the objects: an unsigned GET is answered 200', fix)
  return warning(`an unsigned GET is answered ${status}, not 403`, fix)
}

const addressOf = ({ endpoint, region }: S3Config) => endpoint ?? `https://s3.${region}.amazonaws.com`

/** What `fetch` throws says why in its cause. */
const reasonOf = (error: unknown) =>
  messageOf(error instanceof Error && error.cause instanceof Error ? error.cause : error) || 'no connection'

const allow = (bucket: string, permission: string) =>
  `Allow ${permission || 'it'} to the key's user, on arn:aws:s3:::${bucket} and arn:aws:s3:::${bucket}/*`

const fixes = ({
  bucket,
  region,
  endpoint,
}: S3Config): Readonly<Record<string, string>> & { STORAGE_UNAVAILABLE: string } => ({
  STORAGE_AUTH: 'Correct S3_ACCESS_KEY_ID and S3_SECRET_KEY; aws sts get-caller-identity shows whose they are',
  BUCKET_MISSING: `Correct S3_BUCKET_NAME and S3_REGION, or create it: aws s3 mb s3://${bucket} --region ${region}${endpoint ? ` --endpoint-url ${endpoint}` : ''}`,
  STORAGE_UNAVAILABLE: endpoint
    ? 'Correct S3_ENDPOINT, or start the server there'
    : 'Correct S3_REGION, and let this machine reach S3: DNS, proxy, firewall',
})
