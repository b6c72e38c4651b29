import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import lockfile from 'proper-lockfile'

/** A lock whose owner was killed is free again after this time. */
const STALE_MS = 10_000
const LONGEST_WAIT_S = 900

/** One set-up at a time works in a folder: the second one then finds all done. @throws Error where the folder cannot be made */
export async function withSetupLock<T>(dir: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dir, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(
      `${dir} cannot be made (${cause.code}). Set LOCAL_EMBEDDINGS_DIR to a folder that can be written.`,
      {
        cause,
      },
    )
  })
  const release = await acquire(dir, onWait)
  try {
    return await work()
  } finally {
    await release()
  }
}

async function acquire(dir: string, onWait: () => void): Promise<() => Promise<void>> {
  const options = { lockfilePath: join(dir, 'setup.lock'), stale: STALE_MS }
  try {
    return await lockfile.lock(dir, options)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ELOCKED')) throw error
    onWait()
    return lockfile.lock(dir, { ...options, retries: { retries: LONGEST_WAIT_S, factor: 1, minTimeout: 1_000 } })
  }
}
