import type { Readable } from 'node:stream'
import type { DatabaseContents } from '../domain/database-contents.ts'
import { Failure } from '../domain/failure.ts'
import { fileIdIn, isDatabaseKey } from '../domain/keys.ts'
import type { CallOptions, ObjectStore, StoredObject, UnfinishedUpload } from '../domain/ports.ts'

/** Another object store, and beside it the bytes that an older product kept in the database, under their `databaseKey`. */
export class DatabaseContentObjectStore implements ObjectStore {
  readonly #objects: ObjectStore
  readonly #contents: DatabaseContents

  constructor(objects: ObjectStore, contents: DatabaseContents) {
    this.#objects = objects
    this.#contents = contents
  }

  get name(): string {
    return this.#objects.name
  }

  async upload(key: string, body: Readable | Uint8Array, options?: CallOptions & { contentType?: string }) {
    if (isDatabaseKey(key)) throw new Error(`${key} is in the database, where nothing new is put`)
    await this.#objects.upload(key, body, options)
  }

  async download(key: string, options?: CallOptions): Promise<Readable> {
    const current = await this.#currentKey(key)
    if (current === undefined) throw new Failure('OBJECT_MISSING', { s3Key: key })
    return isDatabaseKey(current)
      ? this.#contents.read(fileIdIn(current), options)
      : this.#objects.download(current, options)
  }

  async size(key: string, options?: CallOptions): Promise<number | undefined> {
    const current = await this.#currentKey(key)
    if (current === undefined) return undefined
    return isDatabaseKey(current) ? this.#contents.size(fileIdIn(current)) : this.#objects.size(current, options)
  }

  /** Bytes in the database go with their row; here go those of a row that points elsewhere by now. */
  delete(key: string, options?: CallOptions): Promise<void> {
    return isDatabaseKey(key) ? this.#contents.clear(fileIdIn(key)) : this.#objects.delete(key, options)
  }

  /** What is in the database is no object yet: housekeeping has nothing to do with it. */
  list(prefix: string, options?: CallOptions): AsyncIterable<StoredObject> {
    return this.#objects.list(prefix, options)
  }

  unfinishedUploads(prefix: string, options?: CallOptions): AsyncIterable<UnfinishedUpload> {
    return this.#objects.unfinishedUploads(prefix, options)
  }

  abortUpload(upload: UnfinishedUpload, options?: CallOptions): Promise<void> {
    return this.#objects.abortUpload(upload, options)
  }

  urlOf(key: string): string | undefined {
    return isDatabaseKey(key) ? undefined : this.#objects.urlOf(key)
  }

  check(options?: CallOptions): Promise<void> {
    return this.#objects.check(options)
  }

  /** Who was told of a `databaseKey` may come when the bytes have moved: the row says where to. */
  async #currentKey(key: string): Promise<string | undefined> {
    if (!isDatabaseKey(key)) return key
    return this.#contents.keyOf(fileIdIn(key))
  }
}
