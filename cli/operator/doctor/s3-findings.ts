import type { S3Config } from '../../../config.ts'
import type { Finding } from './check.ts'
import { failed, ok, warning } from './check.ts'

/** S3 refuses requests that are signed with a time further away. */
const SKEW_REFUSED_MS = 15 * 60_000
const SKEW_NOTED_MS = 60_000
/** A header tells no more, and takes its time. */
const HEADER_SECONDS = 2

export function clock(server: Date | undefined, address: string): Finding {
  const skew = server ? Date.now() - server.getTime() : 0
  const seconds = Math.round(skew / 1_000)
  const detail = `${address} answers; its clock is ${Math.abs(seconds) <= HEADER_SECONDS ? 'ours' : `${Math.abs(seconds)} s ${seconds < 0 ? 'ahead' : 'behind'}`}`
  const fix = 'Set the clock of this machine: sudo timedatectl set-ntp true'
  if (Math.abs(skew) > SKEW_REFUSED_MS) return failed(`${detail}, so S3 refuses what we sign`, fix)
  return Math.abs(skew) > SKEW_NOTED_MS ? warning(detail, fix) : ok(detail)
}

export function publicity(status: number, bucket: string): Finding {
  if (status === 403 || status === 401) return ok(`an unsigned GET is answered ${status}`)
  const fix = `aws s3api put-public-access-block --bucket ${bucket} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`
  if (status === 200) return failed('anybody may read the objects: an unsigned GET is answered 200', fix)
  return warning(`an unsigned GET is answered ${status}, not 403`, fix)
}

export const addressOf = ({ endpoint, region }: S3Config) => endpoint ?? `https://s3.${region}.amazonaws.com`

export const allow = (bucket: string, permission: string) =>
  `Allow ${permission || 'it'} to the key's user, on arn:aws:s3:::${bucket} and arn:aws:s3:::${bucket}/*`

export const fixes = ({
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
