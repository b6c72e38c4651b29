import { S3ServiceException } from '@aws-sdk/client-s3'
import { Failure } from '../domain/failure.ts'

/* What S3 calls its refusals: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */

/** Keys that it does not know, cannot verify, or that are not valid any more. */
const KEYS: ReadonlySet<string> = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
  'TokenRefreshRequired',
  'AuthorizationHeaderMalformed',
  // Of versitygw.
  'XAdminUserNotFound',
])
/** An account that may do nothing, whatever the object. */
const ACCOUNT: ReadonlySet<string> = new Set([
  'AccountProblem',
  'AllAccessDisabled',
  'InvalidPayer',
  'InvalidSecurity',
  'NotSignedUp',
])
const CLOCK = 'RequestTimeTooSkewed'
/** The bucket is in another region, or none of that name can be anywhere. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'PermanentRedirect',
  'IllegalLocationConstraintException',
  'InvalidRegionName',
  'NoSuchBucket',
  'InvalidBucketName',
])

type Request = { readonly s3Key: string; readonly bucket: string; readonly region: string }

/** What the error of a request for an object, or for the bucket, means to us. */
export function toS3Failure(cause: unknown, { s3Key, bucket, region }: Request): Failure {
  const fields = { s3Key, bucket }
  const { name, status, bucketRegion } = answerOf(cause)
  const other = bucketRegion !== undefined && bucketRegion !== region ? bucketRegion : undefined
  if (ELSEWHERE.has(name) || status === 301 || (name === 'AuthorizationHeaderMalformed' && other)) {
    const detail = other ? `bucket ${bucket}, which is in ${other}` : `bucket ${bucket}`
    return new Failure('BUCKET_MISSING', fields, { cause, detail })
  }
  if (name === 'NoSuchKey') return new Failure('OBJECT_MISSING', fields, { cause })
  const reason = reasonOf(name, status)
  if (reason) return new Failure('STORAGE_AUTH', fields, { cause, detail: `bucket ${bucket}, ${reason}` })
  const code = status === 403 ? 'OBJECT_ACCESS_DENIED' : 'STORAGE_UNAVAILABLE'
  return new Failure(code, fields, { cause, detail: `bucket ${bucket}, ${status === 403 ? name : (status ?? name)}` })
}

/** The answer to HEAD has no body, which alone tells one refusal from another; only that nothing is there it says by its status. */
export function isUntold(cause: unknown): boolean {
  const { name, status } = answerOf(cause)
  return name !== 'NoSuchKey' && status !== undefined && status >= 300 && status < 500
}

function answerOf(cause: unknown) {
  const { name } = cause as Error
  if (!(cause instanceof S3ServiceException)) return { name, status: undefined, bucketRegion: undefined }
  const status = cause.$metadata.httpStatusCode
  const bodiless = status === 404 && /^(NotFound|Unknown|UnknownError|404)$/.test(name)
  return { name: bodiless ? 'NoSuchKey' : name, status, bucketRegion: regionOf(cause) }
}

/** Where the bucket is, if S3 says so: beside the code in the body, or in a header. */
function regionOf(cause: S3ServiceException): string | undefined {
  const inBody: unknown = 'Region' in cause ? cause.Region : undefined
  const region: unknown = inBody ?? cause.$response?.headers['x-amz-bucket-region']
  return typeof region === 'string' ? region : undefined
}

function reasonOf(name: string, status: number | undefined): string | undefined {
  if (name === CLOCK) return `${name}: the clock of this machine is wrong`
  if (ACCOUNT.has(name)) return `${name}: it is the account that is refused`
  return status === 401 || KEYS.has(name) ? name : undefined
}
