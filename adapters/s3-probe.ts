import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { S3Config } from '../config.ts'
import { createS3Client } from './s3-client.ts'
import { toS3Failure } from './s3-failure.ts'

const TIMEOUT_MS = 5_000
const CONTENT = 'expertsmith doctor'

type Work<T> = (options: { abortSignal: AbortSignal }) => Promise<T>

/**
 * Tries one permission after the other with one tiny object, as the product uses them. All methods but `anonymousStatus` and
 * `reach` throw Failure as the object store does.
 */
export class S3Probe {
  readonly #config: S3Config
  readonly #client: S3Client
  readonly #object: { readonly Bucket: string; readonly Key: string }
  readonly #uploads = new Set<string>()
  #mayBeThere = false

  /** `key`: of the object, below a prefix that nothing else uses. */
  constructor(config: S3Config, key: string) {
    this.#config = config
    this.#object = { Bucket: config.bucket, Key: key }
    this.#client = createS3Client(config, {
      requestHandler: { connectionTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS },
    })
  }

  /** Asks without a signature. @returns the server's clock, where it tells it */
  async reach(signal: AbortSignal): Promise<Date | undefined> {
    const { endpoint, region } = this.#config
    const answer = await fetch(endpoint ?? `https://s3.${region}.amazonaws.com`, { signal, redirect: 'manual' })
    await answer.body?.cancel()
    const date = answer.headers.get('date')
    return date === null ? undefined : new Date(date)
  }

  /** @returns whether the listing shows the object */
  list(signal: AbortSignal): Promise<boolean> {
    return this.#call(signal, async (options) => {
      const { Bucket, Key } = this.#object
      const { Contents = [] } = await this.#client.send(new ListObjectsV2Command({ Bucket, Prefix: Key }), options)
      return Contents.some((each) => each.Key === Key)
    })
  }

  put(signal: AbortSignal): Promise<void> {
    this.#mayBeThere = true
    return this.#call(signal, async (options) => {
      await this.#client.send(new PutObjectCommand({ ...this.#object, Body: CONTENT }), options)
    })
  }

  /** @returns whether the bytes are those that were put */
  get(signal: AbortSignal): Promise<boolean> {
    return this.#call(signal, async (options) => {
      const { Body } = await this.#client.send(new GetObjectCommand(this.#object), options)
      return (await Body?.transformToString()) === CONTENT
    })
  }

  delete(signal: AbortSignal): Promise<void> {
    return this.#call(signal, async (options) => {
      await this.#client.send(new DeleteObjectCommand(this.#object), options)
      this.#mayBeThere = false
    })
  }

  /** Begins an upload in parts, sends one, and aborts it. @returns whether the bucket has shown it meanwhile */
  multipart(signal: AbortSignal): Promise<boolean> {
    return this.#call(signal, async (options) => {
      const { UploadId = '' } = await this.#client.send(new CreateMultipartUploadCommand(this.#object), options)
      this.#uploads.add(UploadId)
      const part = { ...this.#object, UploadId, PartNumber: 1, Body: CONTENT }
      await this.#client.send(new UploadPartCommand(part), options)
      const { Bucket, Key } = this.#object
      const query = new ListMultipartUploadsCommand({ Bucket, Prefix: Key })
      const { Uploads = [] } = await this.#client.send(query, options)
      await this.#abort(UploadId, options)
      return Uploads.some((each) => each.UploadId === UploadId)
    })
  }

  /** The status of a GET of the object by somebody without credentials. */
  async anonymousStatus(url: string, signal: AbortSignal): Promise<number> {
    const answer = await fetch(url, { signal, redirect: 'manual' })
    await answer.body?.cancel()
    return answer.status
  }

  /** The algorithms by which new objects are encrypted. */
  encryption(signal: AbortSignal): Promise<string[]> {
    return this.#call(signal, async (options) => {
      const query = new GetBucketEncryptionCommand({ Bucket: this.#object.Bucket })
      const { ServerSideEncryptionConfiguration } = await this.#client.send(query, options)
      return (ServerSideEncryptionConfiguration?.Rules ?? []).flatMap(
        (rule) => rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? [],
      )
    })
  }

  /** Whether deleted and overwritten objects are kept. */
  isVersioned(signal: AbortSignal): Promise<boolean> {
    return this.#call(signal, async (options) => {
      const query = new GetBucketVersioningCommand({ Bucket: this.#object.Bucket })
      return (await this.#client.send(query, options)).Status === 'Enabled'
    })
  }

  /** Removes what is left of the object and of its uploads, also where a step failed or was given up. */
  async close(): Promise<void> {
    const options = { abortSignal: AbortSignal.timeout(TIMEOUT_MS) }
    const aborts = [...this.#uploads].map((id) => this.#abort(id, options))
    await Promise.allSettled([...aborts, ...(this.#mayBeThere ? [this.delete(options.abortSignal)] : [])])
    this.#client.destroy()
  }

  async #abort(UploadId: string, options: { abortSignal: AbortSignal }): Promise<void> {
    await this.#client.send(new AbortMultipartUploadCommand({ ...this.#object, UploadId }), options)
    this.#uploads.delete(UploadId)
  }

  async #call<T>(abortSignal: AbortSignal, work: Work<T>): Promise<T> {
    try {
      return await work({ abortSignal })
    } catch (error) {
      const { bucket, region } = this.#config
      throw toS3Failure(error, { s3Key: this.#object.Key, bucket, region })
    }
  }
}
