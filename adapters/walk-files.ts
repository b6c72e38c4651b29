import type { Dir, Stats } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'

export type WalkedFile = { readonly path: string; readonly size: number; readonly modified: Date }

/** All files below a folder, one after the other, so that there may be any number of them. What vanishes meanwhile is left out. */
export async function* walkFiles(dir: string, signal?: AbortSignal): AsyncGenerator<WalkedFile, void> {
  const folder = await unlessMissing<Dir>(opendir(dir))
  for await (const entry of folder ?? []) {
    signal?.throwIfAborted()
    const path = join(dir, entry.name)
    if (entry.isDirectory()) yield* walkFiles(path, signal)
    else if (entry.isFile()) {
      const stats = await unlessMissing<Stats>(stat(path))
      if (stats) yield { path, size: stats.size, modified: stats.mtime }
    }
  }
}

async function unlessMissing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
