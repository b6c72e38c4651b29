import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** In bytes, of all files below it; 0 where there is no such folder. What goes away meanwhile is not counted. */
export async function folderSize(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries)
    if (entry.isFile())
      bytes += await lstat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      )
  return bytes
}
