import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import lockfile from 'proper-lockfile'

/** A lock whose owner was killed is free again after this time. */
const STALE_MS = 10_000
const LONGEST_WAIT_S = 900

export type LockOptions = {
  readonly onWait: () => void
  /** Ends the waiting. */
  readonly signal?: AbortSignal
}

/** One set-up at a time works in a folder: the second one then finds all done. @throws Error where the folder cannot be made */
export async function withSetupLock<T>(dir: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await mkdir(dir, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(
      `${dir} cannot be made (${cause.code}). Set LOCAL_EMBEDDINGS_DIR to a folder that can be written.`,
      {
        cause,
      },
    )
  })
  const release = await acquire(dir, options)
  try {
    return await work()
  } finally {
    await release()
  }
}

async function acquire(dir: string, { onWait, signal }: LockOptions): Promise<() => Promise<void>> {
  const options = { lockfilePath: join(dir, 'setup.lock'), stale: STALE_MS }
  for (let attempt = 0; ; attempt++)
    try {
      return await lockfile.lock(dir, options)
    } catch (error) {
      if (!isLocked(error) || attempt === LONGEST_WAIT_S) throw error
      if (attempt === 0) onWait()
      await delay(1_000, undefined, { signal })
    }
}

const isLocked = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ELOCKED'
