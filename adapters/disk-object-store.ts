import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, constants, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Failure } from '../domain/failure.ts'
import type { CallOptions, ObjectStore, StoredObject } from '../domain/ports.ts'

/** Objects as files below a folder. A write is a rename of a finished file, so that no object is ever half there. */
export class DiskObjectStore implements ObjectStore {
  readonly name = 'disk'
  readonly #dir: string

  constructor({ dir }: { dir: string }) {
    this.#dir = resolve(dir)
  }

  async upload(key: string, body: Readable | Uint8Array, { signal }: CallOptions = {}): Promise<void> {
    const path = this.#path(key)
    const partial = `${path}.${randomUUID()}.partial`
    try {
      await mkdir(dirname(path), { recursive: true })
      const file = createWriteStream(partial, { flush: true })
      await pipeline(body instanceof Uint8Array ? Readable.from([body]) : body, file, { ...(signal && { signal }) })
      await rename(partial, path)
      await syncFolder(dirname(path))
    } catch (error) {
      await rm(partial, { force: true })
      throw toFailure(error, key, signal)
    }
  }

  async download(key: string, { signal }: CallOptions = {}): Promise<Readable> {
    const file = await open(this.#path(key)).catch((error: unknown) => {
      throw toFailure(error, key, signal)
    })
    return createReadStream('', { fd: file, ...(signal && { signal }) })
  }

  async size(key: string): Promise<number | undefined> {
    try {
      return (await stat(this.#path(key))).size
    } catch (error) {
      const failure = toFailure(error, key)
      if (failure instanceof Failure && failure.code === 'OBJECT_MISSING') return undefined
      throw failure
    }
  }

  async delete(key: string): Promise<void> {
    await rm(this.#path(key), { force: true }).catch((error: unknown) => {
      throw toFailure(error, key)
    })
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const folder = this.#path(prefix)
    const names = await readdir(folder, { recursive: true }).catch(() => [])
    for (const name of names) {
      const found = await stat(join(folder, name)).catch(() => undefined)
      if (found?.isFile()) yield { key: `${prefix}${name}`, size: found.size, modified: found.mtime }
    }
  }

  urlOf(): undefined {}

  async check(): Promise<void> {
    try {
      await mkdir(this.#dir, { recursive: true })
      await access(this.#dir, constants.R_OK | constants.W_OK)
    } catch (error) {
      throw toFailure(error, '')
    }
  }

  #path(key: string): string {
    const path = join(this.#dir, key)
    if (!path.startsWith(this.#dir + sep)) throw new Error(`the object key ${key} leads out of the store`)
    return path
  }
}

/** The rename itself must survive a power cut, and it is kept in the folder. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : '')

/** Errors of the body, and cancellations, are the caller's own and pass as they are. */
function toFailure(cause: unknown, s3Key: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return cause
  switch (codeOf(cause)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new Failure('OBJECT_MISSING', { s3Key }, { cause })
    case 'EACCES':
    case 'EPERM':
      return new Failure('OBJECT_ACCESS_DENIED', { s3Key }, { cause })
    case 'ENOSPC':
    case 'EDQUOT':
      return new Failure('STORAGE_UNAVAILABLE', { s3Key }, { cause, detail: 'the disk is full' })
    case 'EIO':
    case 'EROFS':
    case 'EMFILE':
    case 'ENFILE':
      return new Failure('STORAGE_UNAVAILABLE', { s3Key }, { cause, detail: codeOf(cause) })
    default:
      return cause
  }
}
