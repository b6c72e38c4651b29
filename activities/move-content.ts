import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { log } from '@temporalio/activity'
import type { DatabaseContent, MovedContent } from '../domain/database-contents.ts'
import { Failure } from '../domain/failure.ts'
import { isDatabaseKey, originalKey } from '../domain/keys.ts'
import type { Measured } from '../domain/meter.ts'
import { Meter } from '../domain/meter.ts'
import type { CallOptions } from '../domain/ports.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'
import { sha256Of } from './take-checksum.ts'

type Uses = Pick<Ports, 'contents' | 'objects'>

/**
 * Moves the bytes of one file from the database into the object store: copies them, reads the copy back, and only then
 * points the row to it. Ended at any moment, it leaves an object too many, which housekeeping removes.
 * @returns the bytes that left the database; none where somebody else moved, replaced or deleted them
 * @throws Failure OBJECT_CHANGED where the copy differs, and those of the object store; the file keeps its bytes
 */
export const moveContent =
  (ports: Uses) =>
  ({ fileId }: { fileId: string }): Promise<{ bytes: number }> =>
    heartbeating(async (options) => {
      const content = await ports.contents.find(fileId)
      if (!content) return { bytes: 0 }
      const { moved, measured } = await keepInObject(ports, content, options)
      const released = await ports.contents.release(content, measured.sha256, moved)
      // The row changed meanwhile. Nobody else knows of the copy.
      if (!released && moved.s3Key !== content.s3Key) await ports.objects.delete(moved.s3Key, options)
      log.info('🚚 Moved content out of the database', { fileId, s3Key: moved.s3Key, size: measured.size, released })
      return { bytes: released ? measured.size : 0 }
    })

type Kept = { readonly moved: MovedContent; readonly measured: Measured }

async function keepInObject(ports: Uses, content: DatabaseContent, options: CallOptions): Promise<Kept> {
  if (!isDatabaseKey(content.s3Key)) {
    const kept = await findInObject(ports, content, options)
    if (kept) return kept
    // A file with a checksum was uploaded here: what the database has is older, and must not take its place.
    if (content.sha256) throw new Failure('OBJECT_MISSING', { fileId: content.id, s3Key: content.s3Key })
  }
  return copy(ports, content, options)
}

/**
 * The row points to an object already, so that the content is a copy of it, or of what was there before it was replaced.
 * @returns undefined where there is no such object
 */
async function findInObject(ports: Uses, content: DatabaseContent, options: CallOptions): Promise<Kept | undefined> {
  const { id: fileId, s3Key, s3Url, sha256, size } = content
  if ((await ports.objects.size(s3Key, options)) === undefined) return undefined
  const measured = await measure(ports.contents.read(fileId, options), options)
  const found = await sha256Of(await ports.objects.download(s3Key, options), options)
  if (found === measured.sha256) return { measured, moved: { s3Key, s3Url, ...measured } }
  if (found === sha256) return { measured, moved: { s3Key, s3Url, sha256, size } }
  throw new Failure('OBJECT_CHANGED', { fileId, s3Key }, { detail: 'the content in the database is another one' })
}

async function copy({ contents, objects }: Uses, content: DatabaseContent, options: CallOptions): Promise<Kept> {
  const { id: fileId, userId, type } = content
  // Not the key of an earlier try: housekeeping may be about to remove the object that one left.
  const s3Key = originalKey(userId, fileId, randomUUID())
  const meter = new Meter()
  const body = contents.read(fileId, options)
  body.once('error', (error) => meter.destroy(error))
  await objects.upload(s3Key, body.pipe(meter), { ...options, contentType: type })
  const measured = meter.measured()
  const found = await sha256Of(await objects.download(s3Key, options), options)
  if (found !== measured.sha256) throw new Failure('OBJECT_CHANGED', { fileId, s3Key, found })
  return { measured, moved: { s3Key, s3Url: objects.urlOf(s3Key) ?? content.s3Url, ...measured } }
}

async function measure(body: Readable, { signal }: CallOptions): Promise<Measured> {
  const meter = new Meter()
  await pipeline(body, meter.resume(), { ...(signal && { signal }) })
  return meter.measured()
}
