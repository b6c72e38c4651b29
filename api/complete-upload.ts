import { pipeline } from 'node:stream/promises'
import type {
  DirectUpload,
  DirectUploadStore,
  DirectUploads,
  FoundContent,
  ReceivedPart,
  UploadHold,
} from '../domain/direct-upload.ts'
import { plannedParts } from '../domain/direct-upload.ts'
import type { StoredFile } from '../domain/file.ts'
import { Meter } from '../domain/meter.ts'
import type { FileStore, ObjectStore } from '../domain/ports.ts'
import { QuotaExceeded } from '../domain/quota.ts'
import { isExpired } from './direct-upload-schemas.ts'
import { urlOf } from './file-routes.ts'
import { whileUploadHeld } from './hold-upload.ts'
import { isOnePart, missingParts, refOf } from './missing-parts.ts'
import { Problem } from './problem.ts'
import { fromQuota } from './quota-problem.ts'

export type UploadParts = {
  readonly uploads: DirectUploadStore
  readonly directUploads: DirectUploads
  readonly objects: ObjectStore
  readonly files: FileStore
  readonly publicUrl: string
}

/** @throws Problem UPLOAD_NOT_FOUND */
export async function findUpload(uploads: DirectUploadStore, userId: string, id: string): Promise<DirectUpload> {
  const upload = await uploads.find(userId, id)
  if (!upload) throw new Problem('UPLOAD_NOT_FOUND')
  return upload
}

/**
 * Makes the object of the parts, then the file of the object, if it is what was promised; what is not is removed. Does it once, and
 * answers the same whenever it is asked again.
 * @throws Problem UPLOAD_INCOMPLETE, UPLOAD_BUSY, UPLOAD_ENDED, UPLOAD_MISMATCH, QUOTA_EXCEEDED
 */
export async function completeUpload(parts: UploadParts, userId: string, id: string): Promise<StoredFile> {
  const upload = await findUpload(parts.uploads, userId, id)
  const done = await outcomeOf(parts, upload)
  if (done) return done
  const held = await whileUploadHeld(parts.uploads, upload, (hold) => makeFile(parts, upload, hold))
  const file = held?.result ?? (await outcomeOf(parts, await findUpload(parts.uploads, userId, id)))
  if (!file) throw new Problem('UPLOAD_BUSY')
  return file
}

/** What came of an upload that is over; undefined of one that is open. */
async function outcomeOf({ files }: UploadParts, upload: DirectUpload): Promise<StoredFile | undefined> {
  if (upload.status === 'refused') throw mismatch(upload, upload.found)
  if (upload.status === 'aborted' || isExpired(upload)) throw new Problem('UPLOAD_ENDED')
  if (upload.status === 'open') return undefined
  const file = await files.find(upload.userId, upload.id)
  if (!file) throw new Problem('FILE_NOT_FOUND')
  return file
}

async function makeFile(parts: UploadParts, upload: DirectUpload, hold: UploadHold): Promise<StoredFile | undefined> {
  await checkRoom(parts, upload)
  const found = (await assemble(parts, upload, hold)) ?? (await readObject(parts, upload, hold))
  if (found.size !== upload.size || found.sha256 !== upload.sha256) return refuse(parts, upload, hold, found)
  const { id, name, originalName, size, type, sha256, s3Key } = upload
  const s3Url = urlOf(parts, s3Key, id)
  const file = { id, userId: upload.userId, name, originalName, size, type, sha256, s3Key, s3Url }
  return parts.uploads.complete(hold, { ...file, processingStatus: 'uploaded' }).catch(refuseForNow(upload))
}

/** Before a large object is read in vain. @throws Problem QUOTA_EXCEEDED */
const checkRoom = ({ uploads }: UploadParts, upload: DirectUpload) =>
  uploads.checkRoomSetAside(upload.userId, upload.size).catch(refuseForNow(upload))

const refuseForNow =
  ({ expiresAt }: DirectUpload) =>
  (error: unknown): never => {
    if (!(error instanceof QuotaExceeded)) throw error
    throw fromQuota(error, `What was sent is kept until ${expiresAt.toISOString()}: complete it once there is room.`)
  }

/**
 * Nobody can send a part any more once this is done.
 * @returns what the object is, where the store has checked that; undefined where it has to be read
 */
async function assemble(parts: UploadParts, upload: DirectUpload, hold: UploadHold): Promise<FoundContent | undefined> {
  const received = await parts.directUploads.received(refOf(upload))
  // An earlier request came as far as this.
  if (!received) return undefined
  const missing = missingParts(upload, received)
  if (missing.length > 0)
    throw new Problem('UPLOAD_INCOMPLETE', {
      detail: `${missing.length} of ${plannedParts(upload).length} are missing.`,
      extra: { missing_parts: missing.slice(0, 1_000).map(({ number }) => number) },
    })
  const size = received.reduce((sum, part) => sum + part.size, 0)
  if (!isAsPlanned(upload, received)) return refuse(parts, upload, hold, { size, sha256: null })
  await parts.directUploads.finish(refOf(upload), received)
  const [only] = received
  return isOnePart(upload) && only?.sha256 ? { size, sha256: only.sha256 } : undefined
}

/** Stores that do not look at the length that was signed take parts of any. */
const isAsPlanned = (upload: DirectUpload, received: readonly ReceivedPart[]) => {
  const planned = plannedParts(upload)
  return (
    received.length === planned.length &&
    received.every(({ number, size }, i) => number === planned[i]?.number && size === planned[i].size)
  )
}

/** In constant memory. */
async function readObject(
  { objects, uploads }: UploadParts,
  { s3Key }: DirectUpload,
  hold: UploadHold,
): Promise<FoundContent> {
  if ((await objects.size(s3Key)) === undefined) {
    await uploads.end(hold, 'aborted')
    throw new Problem('UPLOAD_ENDED')
  }
  const meter = new Meter()
  await pipeline(await objects.download(s3Key), meter.resume())
  return meter.measured()
}

/** Ended first, so that nobody completes what is about to go; what is left where this breaks off is housekeeping's. */
async function refuse(parts: UploadParts, upload: DirectUpload, hold: UploadHold, found: FoundContent): Promise<never> {
  if (!(await parts.uploads.end(hold, 'refused', found))) throw new Problem('UPLOAD_BUSY')
  await discard(parts, upload)
  throw mismatch(upload, found)
}

/** Parts and object, whichever there are. */
async function discard({ objects }: Pick<UploadParts, 'objects'>, upload: DirectUpload): Promise<void> {
  await objects.abortUpload({ ...refOf(upload), since: upload.createdAt })
  await objects.delete(upload.s3Key)
}

/** @throws Problem UPLOAD_BUSY, UPLOAD_COMPLETED */
export async function abortUpload(
  parts: Pick<UploadParts, 'uploads' | 'objects'>,
  userId: string,
  id: string,
): Promise<void> {
  const upload = await findUpload(parts.uploads, userId, id)
  const held = await whileUploadHeld(parts.uploads, upload, async (hold) => {
    const isEnded = await parts.uploads.end(hold, 'aborted')
    if (isEnded) await discard(parts, upload)
    return isEnded
  })
  if (held?.result) return
  const { status } = await findUpload(parts.uploads, userId, id)
  if (status === 'open') throw new Problem('UPLOAD_BUSY')
  if (status === 'completed') throw new Problem('UPLOAD_COMPLETED', { extra: { file_id: id } })
}

function mismatch({ size, sha256 }: DirectUpload, found: FoundContent | null): Problem {
  const detail = describe({ size, sha256 }, found)
  return new Problem('UPLOAD_MISMATCH', { detail, extra: { expected: { size, sha256 }, found } })
}

const describe = (expected: FoundContent, found: FoundContent | null) =>
  found?.size === expected.size
    ? `Expected SHA-256 ${expected.sha256}, found ${found.sha256}.`
    : `Expected ${expected.size} bytes, found ${found?.size}.`
