import { join } from 'node:path'
import type { Reader } from './reader.ts'

export type S3Config = {
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretKey: string
  readonly region: string
  readonly endpoint: string | undefined
  /** How clients reach it, where they know it by another address. */
  readonly publicEndpoint?: string | undefined
  readonly forcePathStyle: boolean
}

export type ObjectStoreConfig =
  | { readonly kind: 'disk'; readonly dir: string }
  | ({ readonly kind: 's3' } & S3Config)
  /** S3 was asked for but lacks these variables: uploads are answered with a placeholder (the seed's fallback). */
  | { readonly kind: 'unconfigured'; readonly missing: readonly string[] }

const S3_REQUIRED = ['S3_BUCKET_NAME', 'S3_ACCESS_KEY_ID', 'S3_SECRET_KEY', 'S3_REGION'] as const

export function objectStore(from: Reader, dataDir: string): ObjectStoreConfig {
  const given = S3_REQUIRED.filter((name) => from.optional(name))
  if (from.oneOf('OBJECT_STORE', ['disk', 's3'], given.length > 0 ? 's3' : 'disk') === 'disk')
    return { kind: 'disk', dir: from.path('OBJECT_DIR', join(dataDir, 'objects')) }
  const missing = S3_REQUIRED.filter((name) => !given.includes(name))
  if (missing.length > 0) return { kind: 'unconfigured', missing }
  const endpoint = from.url('S3_ENDPOINT')
  return {
    kind: 's3',
    bucket: from.text('S3_BUCKET_NAME', ''),
    accessKeyId: from.text('S3_ACCESS_KEY_ID', ''),
    secretKey: from.text('S3_SECRET_KEY', ''),
    region: from.text('S3_REGION', 'us-east-1'),
    endpoint,
    publicEndpoint: from.url('S3_PUBLIC_ENDPOINT'),
    forcePathStyle: from.boolean('S3_FORCE_PATH_STYLE', endpoint !== undefined),
  }
}
