import type { DirectUpload, DirectUploadStore } from '../domain/direct-upload.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { whileUploadHeld } from './hold-upload.ts'

/**
 * Ends an open upload whose parts the store does not know any more, unless they were put together: then they were thrown away, by a
 * rule of the bucket perhaps. @returns whether they were put together
 */
export async function endUnlessAssembled(
  { uploads, objects }: { readonly uploads: DirectUploadStore; readonly objects: ObjectStore },
  upload: DirectUpload,
): Promise<boolean> {
  if ((await objects.size(upload.s3Key)) !== undefined) return true
  await whileUploadHeld(uploads, upload, (hold) => uploads.end(hold, 'aborted'))
  return false
}
