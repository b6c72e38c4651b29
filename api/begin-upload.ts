import { randomUUID } from 'node:crypto'
import type { Static } from 'typebox'
import type { DirectUploadStore, DirectUploads } from '../domain/direct-upload.ts'
import { PART_BYTES } from '../domain/direct-upload.ts'
import { displayName, mediaType, safeName } from '../domain/file-name.ts'
import { originalKey } from '../domain/keys.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { QuotaExceeded } from '../domain/quota.ts'
import type { NewDirectUploadSchema } from './direct-upload-schemas.ts'
import { isOnePart } from './missing-parts.ts'

type Uses = {
  readonly uploads: DirectUploadStore
  readonly directUploads: DirectUploads
  readonly objects: ObjectStore
  readonly uploadLifetimeMs: number
}
type Wanted = { readonly userId: string; readonly id: string; readonly file: Static<typeof NewDirectUploadSchema> }

/**
 * In the store, then as a row: one without a row is empty, and housekeeping aborts it. Room is looked for before the store is asked,
 * and once more with the row, since others may begin at the same time.
 * @throws QuotaExceeded
 */
export async function beginUpload(
  { uploads, directUploads, objects, uploadLifetimeMs }: Uses,
  { userId, id, file }: Wanted,
): Promise<void> {
  await uploads.checkRoom(userId, file.size)
  const originalName = displayName(file.original_name)
  const s3Key = originalKey(userId, id, randomUUID())
  const identity = { id, userId, originalName, name: safeName(originalName), s3Key }
  const content = { size: file.size, type: mediaType(file.type), sha256: file.sha256.toLowerCase() }
  const plan = { size: file.size, partSize: PART_BYTES }
  const storeId = await directUploads.begin(s3Key, { contentType: content.type, checksPart: isOnePart(plan) })
  try {
    await uploads.insert({ ...identity, ...content, ...plan, storeId, lifetimeMs: uploadLifetimeMs })
  } catch (error) {
    // Of another error nobody knows whether the row is there.
    if (error instanceof QuotaExceeded) await objects.abortUpload({ key: s3Key, id: storeId, since: new Date() })
    throw error
  }
}
