import { statfs } from 'node:fs/promises'

/** `dir` is there. @throws Error where its disk has less room than that */
export async function checkRoom(dir: string, bytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(dir)
  const free = bavail * bsize
  if (free >= bytes) return
  throw new Error(
    `The disk of ${dir} has ${megabytes(free)} MB left, and ${what} ${megabytes(bytes)} MB. Make room, or set LOCAL_EMBEDDINGS_DIR to a folder on another disk.`,
  )
}

const megabytes = (bytes: number) => Math.ceil(bytes / 1_000_000)
