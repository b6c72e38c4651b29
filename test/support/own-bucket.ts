import { randomUUID } from 'node:crypto'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { S3Config } from '../../config.ts'
import { infrastructure } from './infrastructure.ts'

/** A client of the tests' own, beside those of the product. */
export const s3Client = ({ endpoint = '', region, accessKeyId, secretKey }: S3Config) =>
  new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey: secretKey } })

/** A bucket that no other test uses. */
export async function ownBucket(): Promise<S3Config & { readonly kind: 's3' }> {
  const config = { ...infrastructure().s3, bucket: `test-${randomUUID()}` }
  const client = s3Client(config)
  await client.send(new CreateBucketCommand({ Bucket: config.bucket }))
  client.destroy()
  return { kind: 's3', ...config }
}
