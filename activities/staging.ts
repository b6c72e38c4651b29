import { createWriteStream } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Failure } from '../domain/failure.ts'
import type { Measured } from '../domain/meter.ts'
import { Meter } from '../domain/meter.ts'
import type { CallOptions, ObjectStore } from '../domain/ports.ts'

type Content = { readonly fileId: string; readonly s3Key: string; readonly sha256: string }

/** Extraction begins within seconds of the download, or elsewhere: what nobody has begun to use after this time waits in vain. */
const STALE_MS = 120_000
const SWEEP_EVERY_MS = 60_000
const COPY = /^[0-9a-f-]{36}-[0-9a-f]{64}$/

/** A worker's scratch folder: files that were downloaded and wait to be read. Its content is a cache, never the only copy. */
export class Staging {
  readonly #dir: string
  /** How many use a copy now, by its path. */
  readonly #users = new Map<string, number>()
  readonly #removals = new Map<string, Promise<void>>()
  #sweptAt = 0
  /** The task queue by which this very worker is reached. */
  readonly hostQueue: string

  constructor({ dir, hostQueue }: { dir: string; hostQueue: string }) {
    this.#dir = dir
    this.hostQueue = hostQueue
  }

  /**
   * The path of a local copy, downloaded unless it is there.
   * @throws Failure OBJECT_CHANGED if the bytes are not those that were uploaded, STORAGE_UNAVAILABLE if some of them did
   * not arrive, DISK_FULL, and those of `ObjectStore.download`
   */
  async fetch(objects: ObjectStore, content: Content, options: CallOptions, onBytes?: (bytes: number) => void) {
    const path = this.#path(content)
    if (!(await exists(path))) await this.#download(objects, content, path, options, onBytes)
    return path
  }

  /** The copy, if there is one, stays while `work` goes on, and goes once nobody uses it any more. */
  async use<T>(content: Content, work: () => Promise<T>): Promise<T> {
    const path = this.#path(content)
    this.#users.set(path, (this.#users.get(path) ?? 0) + 1)
    try {
      // What it is about to remove must not be taken for a copy.
      await this.#removals.get(path)
      return await work()
    } finally {
      await this.#leave(path)
    }
  }

  async #leave(path: string): Promise<void> {
    const others = (this.#users.get(path) ?? 0) - 1
    if (others > 0) this.#users.set(path, others)
    else this.#users.delete(path)
    if (others <= 0) await this.#remove(path)
  }

  async #remove(path: string): Promise<void> {
    // Where it cannot be removed, the next sweep tries it again.
    const removal = rm(path, { force: true }).catch(() => undefined)
    this.#removals.set(path, removal)
    await removal
    if (this.#removals.get(path) === removal) this.#removals.delete(path)
  }

  #path({ fileId, sha256 }: Pick<Content, 'fileId' | 'sha256'>): string {
    return join(this.#dir, `${fileId}-${sha256}`)
  }

  /** Not everything that is downloaded here is read here: it may go elsewhere, or its file may be cancelled. */
  async #sweep(): Promise<void> {
    this.#sweptAt = Date.now()
    for (const name of await readdir(this.#dir)) {
      const path = join(this.#dir, name)
      if (COPY.test(name) && (await isStale(path)) && !this.#users.has(path)) await this.#remove(path)
    }
  }

  async #download(
    objects: ObjectStore,
    content: Content,
    path: string,
    options: CallOptions,
    onBytes?: (bytes: number) => void,
  ) {
    if (Date.now() - this.#sweptAt > SWEEP_EVERY_MS) await this.#sweep()
    // Two experts may want the same file at once: each writes its own copy, and the last one in stays.
    const partial = `${path}.${crypto.randomUUID()}`
    try {
      const saved = await save(await objects.download(content.s3Key, options), partial, options, onBytes)
      if (saved.sha256 !== content.sha256) throw await whyDifferent(objects, content, saved, options)
      await rename(partial, path)
    } catch (error) {
      await rm(partial, { force: true })
      if (!isFull(error)) throw error
      await this.#sweep()
      throw new Failure('DISK_FULL', { fileId: content.fileId }, { cause: error, detail: this.#dir })
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

const isFull = (error: unknown) =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')

async function isStale(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined)
  return stats?.isFile() === true && Date.now() - stats.mtimeMs > STALE_MS
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
