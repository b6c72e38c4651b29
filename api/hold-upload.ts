import { randomUUID } from 'node:crypto'
import type { DirectUpload, DirectUploadStore, UploadHold } from '../domain/direct-upload.ts'
import { HOLD_MS, whileRenewed } from './while-renewed.ts'

/** Works on an open upload while nobody else does. Undefined, and no work, where another request has it or it has ended. */
export async function whileUploadHeld<T>(
  uploads: DirectUploadStore,
  { userId, id }: DirectUpload,
  work: (hold: UploadHold) => Promise<T>,
): Promise<{ readonly result: T } | undefined> {
  const hold = { userId, id, holder: randomUUID() }
  if (!(await uploads.hold(hold, HOLD_MS))) return undefined
  try {
    return {
      result: await whileRenewed(
        () => uploads.hold(hold, HOLD_MS),
        () => work(hold),
      ),
    }
  } finally {
    await uploads.letGo(hold).catch(() => undefined)
  }
}
