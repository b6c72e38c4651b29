import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { S3Client } from '@aws-sdk/client-s3'
import type { S3Config } from '../config.ts'

const CONNECT_TIMEOUT_MS = 5_000
/** Of silence on a connection, not of a whole transfer. */
const IDLE_TIMEOUT_MS = 30_000

/** A client of the bucket's server that tries each request once; `options` are those of one use. */
export const createS3Client = (config: S3Config, options: S3ClientConfig = {}): S3Client =>
  new S3Client({
    region: config.region,
    credentials: { accessKeyId: config.accessKeyId, secretAccessKey: config.secretKey },
    forcePathStyle: config.forcePathStyle,
    ...(config.endpoint && { endpoint: config.endpoint }),
    // Temporal retries, with a back-off that can be seen; retries inside of retries would only hide it.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
    ...options,
  })
