import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Failure } from '../domain/failure.ts'
import type { Measured } from '../domain/meter.ts'
import { Meter } from '../domain/meter.ts'
import type { CallOptions, ObjectStore } from '../domain/ports.ts'

type Content = { readonly fileId: string; readonly s3Key: string; readonly sha256: string }

/** A worker's scratch folder: files that were downloaded and wait to be read. Its content is a cache, never the only copy. */
export class Staging {
  readonly #dir: string
  /** The task queue by which this very worker is reached. */
  readonly hostQueue: string

  constructor({ dir, hostQueue }: { dir: string; hostQueue: string }) {
    this.#dir = dir
    this.hostQueue = hostQueue
  }

  /**
   * The path of a local copy, downloaded unless it is there.
   * @throws Failure OBJECT_CHANGED if the bytes are not those that were uploaded, STORAGE_UNAVAILABLE if some of them did
   * not arrive, and those of `ObjectStore.download`
   */
  async fetch(objects: ObjectStore, content: Content, options: CallOptions, onBytes?: (bytes: number) => void) {
    const path = this.#path(content)
    if (!(await exists(path))) await this.#download(objects, content, path, options, onBytes)
    return path
  }

  async release(content: Content): Promise<void> {
    await rm(this.#path(content), { force: true })
  }

  #path({ fileId, sha256 }: Content): string {
    return join(this.#dir, `${fileId}-${sha256}`)
  }

  async #download(
    objects: ObjectStore,
    content: Content,
    path: string,
    options: CallOptions,
    onBytes?: (bytes: number) => void,
  ) {
    // Two experts may want the same file at once: each writes its own copy, and the last one in stays.
    const partial = `${path}.${crypto.randomUUID()}`
    try {
      const saved = await save(await objects.download(content.s3Key, options), partial, options, onBytes)
      if (saved.sha256 !== content.sha256) throw await whyDifferent(objects, content, saved, options)
      await rename(partial, path)
    } catch (error) {
      await rm(partial, { force: true })
      throw error
    }
  }
}

/** An object that ended early looks like one that was changed, unless its length is asked for. */
async function whyDifferent(
  objects: ObjectStore,
  { fileId, s3Key, sha256 }: Content,
  saved: Measured,
  options: CallOptions,
) {
  const size = (await objects.size(s3Key, options)) ?? 0
  if (saved.size < size)
    return new Failure(
      'STORAGE_UNAVAILABLE',
      { fileId, s3Key },
      { detail: `the object ended after ${saved.size} of ${size} bytes` },
    )
  return new Failure('OBJECT_CHANGED', { fileId, s3Key, expected: sha256, found: saved.sha256 })
}

async function save(body: Readable, path: string, { signal }: CallOptions, onBytes?: (bytes: number) => void) {
  const meter = new Meter(onBytes)
  await pipeline(body, meter, createWriteStream(path), { ...(signal && { signal }) })
  return meter.measured()
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
