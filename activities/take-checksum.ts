import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { StoredFile } from '../domain/file.ts'
import type { CallOptions } from '../domain/ports.ts'
import type { Ports } from './ports.ts'

/** SHA-256 of all that the stream gives, in lower-case hexadecimal. */
export async function sha256Of(body: Readable, { signal }: CallOptions = {}): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(body, hash, { ...(signal && { signal }) })
  return hash.digest('hex')
}

/**
 * Takes the checksum of a file that an older product left without one, and keeps it.
 * @returns the SHA-256; Temporal tries again where the file got other bytes meanwhile
 */
export async function takeChecksum(
  { objects, files }: Pick<Ports, 'objects' | 'files'>,
  { id, s3Key }: StoredFile,
  options: CallOptions,
): Promise<string> {
  const sha256 = await sha256Of(await objects.download(s3Key, options), options)
  if (await files.keepChecksum(id, s3Key, sha256)) return sha256
  throw new Error(`File ${id} got other bytes while its checksum was taken`)
}
