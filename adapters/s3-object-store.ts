import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import type { S3Config } from '../config.ts'
import { Failure } from '../domain/failure.ts'
import type { CallOptions, ObjectStore, StoredObject, UnfinishedUpload } from '../domain/ports.ts'
import { createS3Client } from './s3-client.ts'
import { isUntold, toS3Failure } from './s3-failure.ts'
import { listObjects, listUploads } from './s3-listing.ts'

const PART_BYTES = 8 * 1_048_576

/** Objects in a bucket of S3, or of any server that speaks its protocol (`endpoint`). */
export class S3ObjectStore implements ObjectStore {
  readonly name = 'S3'
  readonly #config: S3Config
  readonly #client: S3Client

  constructor(config: S3Config) {
    this.#config = config
    this.#client = createS3Client(config)
  }

  /** In parts, so that memory stays constant; a multipart upload that fails is aborted and leaves nothing. */
  async upload(
    key: string,
    body: Readable | Uint8Array,
    { signal, contentType }: CallOptions & { contentType?: string } = {},
  ) {
    const upload = new Upload({
      client: this.#client,
      params: { ...this.#object(key), Body: body, ...(contentType && { ContentType: contentType }) },
      partSize: PART_BYTES,
      queueSize: 2,
    })
    // Not by the upload's own abort: that one returns before the multipart upload is aborted in S3.
    const abort = () => body instanceof Readable && body.destroy(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    try {
      await upload.done()
    } catch (error) {
      if (body instanceof Readable && body.errored) throw body.errored
      throw this.#toFailure(error, key, signal)
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  async download(key: string, { signal }: CallOptions = {}): Promise<Readable> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand(this.#object(key)), {
        ...(signal && { abortSignal: signal }),
      })
      if (!(Body instanceof Readable)) throw new Error('S3 answered without a body')
      return Readable.from(this.#passOn<Buffer>(Body, key, signal), { objectMode: false })
    } catch (error) {
      throw this.#toFailure(error, key, signal)
    }
  }

  async size(key: string, { signal }: CallOptions = {}): Promise<number | undefined> {
    try {
      const { ContentLength } = await this.#client.send(new HeadObjectCommand(this.#object(key)), {
        ...(signal && { abortSignal: signal }),
      })
      return ContentLength ?? 0
    } catch (error) {
      return isUntold(error) ? this.#sizeByDownload(key, signal) : this.#undefinedIfMissing(error, key, signal)
    }
  }

  async delete(key: string, { signal }: CallOptions = {}): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#object(key)), { ...(signal && { abortSignal: signal }) })
    } catch (error) {
      const failure = this.#toFailure(error, key, signal)
      // S3 never says so, but servers that speak its protocol do, some only to the second of two that delete at once.
      if (!(failure instanceof Failure && failure.code === 'OBJECT_MISSING')) throw failure
    }
  }

  list(prefix: string, { signal }: CallOptions = {}): AsyncIterable<StoredObject> {
    return this.#passOn(listObjects(this.#client, this.#config.bucket, prefix, signal), prefix, signal)
  }

  unfinishedUploads(prefix: string, { signal }: CallOptions = {}): AsyncIterable<UnfinishedUpload> {
    return this.#passOn(listUploads(this.#client, this.#config.bucket, prefix, signal), prefix, signal)
  }

  async abortUpload({ key, id }: UnfinishedUpload, { signal }: CallOptions = {}): Promise<void> {
    try {
      const command = new AbortMultipartUploadCommand({ ...this.#object(key), UploadId: id })
      await this.#client.send(command, { ...(signal && { abortSignal: signal }) })
    } catch (error) {
      if (error instanceof S3ServiceException && error.name === 'NoSuchUpload') return
      throw this.#toFailure(error, key, signal)
    }
  }

  urlOf(key: string): string {
    const { bucket, endpoint, forcePathStyle, region } = this.#config
    const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`)
    if (forcePathStyle) return `${base.origin}/${bucket}/${key}`
    return `${base.protocol}//${bucket}.${base.host}/${key}`
  }

  async check({ signal }: CallOptions = {}): Promise<void> {
    try {
      // Needs no other permission than HeadBucket, whose answers have no body that says what is wrong.
      await this.#client.send(new ListObjectsV2Command({ Bucket: this.#config.bucket, MaxKeys: 1 }), {
        ...(signal && { abortSignal: signal }),
      })
    } catch (error) {
      throw this.#toFailure(error, '', signal)
    }
  }

  /** The answer to GET tells why it is a refusal. It may be none any more: the client sets its clock by the first one. */
  async #sizeByDownload(key: string, signal: AbortSignal | undefined): Promise<number | undefined> {
    try {
      const { Body, ContentLength } = await this.#client.send(new GetObjectCommand(this.#object(key)), {
        ...(signal && { abortSignal: signal }),
      })
      if (Body instanceof Readable) Body.destroy()
      return ContentLength ?? 0
    } catch (error) {
      return this.#undefinedIfMissing(error, key, signal)
    }
  }

  #undefinedIfMissing(error: unknown, key: string, signal: AbortSignal | undefined): undefined {
    const failure = this.#toFailure(error, key, signal)
    if (!(failure instanceof Failure && failure.code === 'OBJECT_MISSING')) throw failure
  }

  /** A connection that breaks in the middle is the store's failure too. */
  async *#passOn<T>(items: AsyncIterable<T>, key: string, signal?: AbortSignal): AsyncGenerator<T, void> {
    try {
      yield* items
    } catch (error) {
      throw this.#toFailure(error, key, signal)
    }
  }

  #object(key: string) {
    return { Bucket: this.#config.bucket, Key: key }
  }

  #toFailure(cause: unknown, s3Key: string, signal: AbortSignal | undefined): unknown {
    const { bucket, region } = this.#config
    return signal?.aborted ? signal.reason : toS3Failure(cause, { s3Key, bucket, region })
  }
}
