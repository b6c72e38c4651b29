import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, constants, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Failure } from '../domain/failure.ts'
import type { CallOptions, ObjectStore, StoredObject, UnfinishedUpload } from '../domain/ports.ts'
import { walkFiles } from './walk-files.ts'

/** A file that is being written, or that a crash left behind: its object's key, and what tells it from another of that key. */
const PARTIAL = /^(?<key>.+)\.(?<id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\.partial$/
const partialOf = (path: string, id: string) => `${path}.${id}.partial`

/** Objects as files below a folder. A write is a rename of a finished file, so that no object is ever half there. */
export class DiskObjectStore implements ObjectStore {
  readonly name = 'disk'
  readonly #dir: string

  constructor({ dir }: { dir: string }) {
    this.#dir = resolve(dir)
  }

  async upload(key: string, body: Readable | Uint8Array, { signal }: CallOptions = {}): Promise<void> {
    const path = this.#path(key)
    const partial = partialOf(path, randomUUID())
    try {
      await mkdir(dirname(path), { recursive: true })
      await write(partial, body, { flush: true, ...(signal && { signal }) })
      await rename(partial, path)
      await syncFolder(dirname(path))
    } catch (error) {
      // Where it cannot even be removed, the first error says why.
      await rm(partial, { force: true }).catch(() => undefined)
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

  async *list(prefix: string, options: CallOptions = {}): AsyncGenerator<StoredObject, void> {
    for await (const file of this.#files(prefix, options)) if (!PARTIAL.test(file.key)) yield file
  }

  async *unfinishedUploads(prefix: string, options: CallOptions = {}): AsyncGenerator<UnfinishedUpload, void> {
    for await (const { key: name, modified } of this.#files(prefix, options)) {
      const { key, id } = PARTIAL.exec(name)?.groups ?? {}
      if (key && id) yield { key, id, since: modified }
    }
  }

  async abortUpload({ key, id }: UnfinishedUpload): Promise<void> {
    await rm(partialOf(this.#path(key), id), { force: true }).catch((error: unknown) => {
      throw toFailure(error, key)
    })
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

  /** Files by their path below the store's folder. Like S3's, a prefix may end in the middle of a name. */
  async *#files(prefix: string, { signal }: CallOptions): AsyncGenerator<StoredObject, void> {
    try {
      for await (const { path, ...file } of walkFiles(join(this.#dir, dirname(`${prefix}x`)), signal)) {
        const key = relative(this.#dir, path).replaceAll(sep, '/')
        if (key.startsWith(prefix)) yield { key, ...file }
      }
    } catch (error) {
      throw toFailure(error, prefix, signal)
    }
  }

  #path(key: string): string {
    const path = join(this.#dir, key)
    if (!path.startsWith(this.#dir + sep)) throw new Error(`the object key ${key} leads out of the store`)
    return path
  }
}

async function write(path: string, body: Readable | Uint8Array, options: { flush: true; signal?: AbortSignal }) {
  if (body instanceof Uint8Array) await writeFile(path, body, options)
  else await pipeline(body, createWriteStream(path, { flush: options.flush }), options)
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
