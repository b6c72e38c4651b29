import { access } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The folder itself, or the one above it in which it would be made. */
export async function nearestThere(path: string): Promise<string> {
  const isThere = await access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
  return isThere || dirname(path) === path ? path : nearestThere(dirname(path))
}
