import type { Part } from '@aws-sdk/client-s3'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { S3Config } from '../config.ts'
import type { DirectUploads, PartToSign, ReceivedPart, SignedPut, UploadRef } from '../domain/direct-upload.ts'
import type { CallOptions } from '../domain/ports.ts'
import { createS3Client } from './s3-client.ts'
import { toS3Failure } from './s3-failure.ts'

const OPTIONS = {
  // Servers that keep objects as files put the parts together before they answer.
  requestHandler: { connectionTimeout: 5_000, socketTimeout: 120_000 },
  // Of a body that somebody else sends, the SDK would sign the checksum of none.
  requestChecksumCalculation: 'WHEN_REQUIRED',
} as const
const CHECKSUM = 'x-amz-checksum-sha256'

const toBase64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64')
const toHex = (base64: string) => Buffer.from(base64, 'base64').toString('hex')

/** Multipart uploads of S3, whose parts are sent to presigned URLs. */
export class S3DirectUploads implements DirectUploads {
  readonly #config: S3Config
  readonly #client: S3Client
  /** Knows the store by the name by which clients know it. */
  readonly #signer: S3Client

  constructor(config: S3Config) {
    this.#config = config
    this.#client = createS3Client(config, OPTIONS)
    this.#signer = createS3Client({ ...config, endpoint: config.publicEndpoint ?? config.endpoint }, OPTIONS)
  }

  async begin(key: string, { contentType, checksPart, signal }: Parameters<DirectUploads['begin']>[1]) {
    const { UploadId } = await this.#send(key, signal, (options) =>
      this.#client.send(
        new CreateMultipartUploadCommand({
          ...this.#object(key),
          ContentType: contentType,
          ...(checksPart && { ChecksumAlgorithm: 'SHA256' }),
        }),
        options,
      ),
    )
    if (!UploadId) throw new Error('S3 began an upload without an id')
    return UploadId
  }

  /** The length is signed, so that a longer body is refused; where it is given, the checksum is, too. */
  async sign({ key, id }: UploadRef, { number, size, sha256 }: PartToSign, seconds: number): Promise<SignedPut> {
    const checksum = sha256 === undefined ? undefined : toBase64(sha256)
    const command = new UploadPartCommand({
      ...this.#object(key),
      UploadId: id,
      PartNumber: number,
      ContentLength: size,
      ...(checksum && { ChecksumSHA256: checksum }),
    })
    const url = await getSignedUrl(this.#signer, command, {
      expiresIn: seconds,
      unhoistableHeaders: new Set([CHECKSUM]),
    })
    return { url, headers: { 'content-length': String(size), ...(checksum && { [CHECKSUM]: checksum }) } }
  }

  async received({ key, id }: UploadRef, { signal }: CallOptions = {}): Promise<ReceivedPart[] | undefined> {
    const parts: ReceivedPart[] = []
    let marker: string | undefined
    try {
      do {
        const command = new ListPartsCommand({ ...this.#object(key), UploadId: id, PartNumberMarker: marker })
        const page = await this.#client.send(command, { ...(signal && { abortSignal: signal }) })
        parts.push(...(page.Parts ?? []).flatMap(toReceived))
        marker = page.IsTruncated ? page.NextPartNumberMarker : undefined
      } while (marker !== undefined)
    } catch (error) {
      if (error instanceof S3ServiceException && error.name === 'NoSuchUpload') return undefined
      throw this.#toFailure(error, key, signal)
    }
    return parts
  }

  async finish({ key, id }: UploadRef, parts: readonly ReceivedPart[], { signal }: CallOptions = {}): Promise<void> {
    const Parts = parts.map(({ number, etag, sha256 }) => ({
      PartNumber: number,
      ETag: etag,
      ...(sha256 && { ChecksumSHA256: toBase64(sha256) }),
    }))
    await this.#send(key, signal, (options) =>
      this.#client.send(
        new CompleteMultipartUploadCommand({ ...this.#object(key), UploadId: id, MultipartUpload: { Parts } }),
        options,
      ),
    )
  }

  #object(key: string) {
    return { Bucket: this.#config.bucket, Key: key }
  }

  async #send<T>(
    key: string,
    signal: AbortSignal | undefined,
    send: (options: { abortSignal?: AbortSignal }) => Promise<T>,
  ) {
    try {
      return await send(signal ? { abortSignal: signal } : {})
    } catch (error) {
      throw this.#toFailure(error, key, signal)
    }
  }

  #toFailure(cause: unknown, s3Key: string, signal: AbortSignal | undefined): unknown {
    const { bucket, region } = this.#config
    return signal?.aborted ? signal.reason : toS3Failure(cause, { s3Key, bucket, region })
  }
}

function toReceived({ PartNumber, Size, ETag, ChecksumSHA256 }: Part): ReceivedPart[] {
  if (PartNumber === undefined || Size === undefined || !ETag) return []
  return [{ number: PartNumber, size: Size, etag: ETag, ...(ChecksumSHA256 && { sha256: toHex(ChecksumSHA256) }) }]
}
