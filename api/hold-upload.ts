import { randomUUID } from 'node:crypto'
import type { DirectUpload, DirectUploadStore, UploadHold } from '../domain/direct-upload.ts'

/** A request that is alive says so long before its hold ends; after one that died a repeat waits for no more than this. */
const HOLD_MS = 20_000
const RENEW_MS = 5_000

/** Works on an open upload while nobody else does. Undefined, and no work, where another request has it or it has ended. */
export async function whileUploadHeld<T>(
  uploads: DirectUploadStore,
  { userId, id }: DirectUpload,
  work: (hold: UploadHold) => Promise<T>,
): Promise<{ readonly result: T } | undefined> {
  const hold = { userId, id, holder: randomUUID() }
  if (!(await uploads.hold(hold, HOLD_MS))) return undefined
  let renewal: Promise<unknown> = Promise.resolve()
  const renewing = setInterval(() => {
    renewal = uploads.hold(hold, HOLD_MS).catch(ignore)
  }, RENEW_MS)
  try {
    return { result: await work(hold) }
  } finally {
    clearInterval(renewing)
    // A renewal under way would bring the hold back.
    await renewal
    await uploads.letGo(hold).catch(ignore)
  }
}

const ignore = () => undefined
