import type { Dirent, Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

export type LocalFile = { readonly path: string; readonly size: number }
export type FailedPath = { readonly path: string; readonly code: string; readonly message: string }
export type Collected = {
  readonly files: LocalFile[]
  readonly failed: FailedPath[]
  /** Symbolic links in folders. */
  links: number
}

/**
 * The files that are named, and those in folders that are named, in this order; inside of a folder by name, with the files of
 * a subfolder in its place. Hidden files, and symbolic links, are taken where they are named, not where they are found.
 */
export async function collectFiles(paths: readonly string[]): Promise<Collected> {
  const collected: Collected = { files: [], failed: [], links: 0 }
  const seen = new Set<string>()
  for (const path of paths) await reading(collected, path, async () => take(collected, seen, path, await stat(path)))
  return collected
}

async function take(into: Collected, seen: Set<string>, path: string, stats: Stats): Promise<void> {
  const real = await realpath(path)
  if (seen.has(real)) return
  seen.add(real)
  if (stats.isFile()) into.files.push({ path, size: stats.size })
  else if (stats.isDirectory()) for (const entry of await entriesOf(path)) await takeEntry(into, seen, path, entry)
  else into.failed.push({ path, code: 'NOT_A_FILE', message: 'It is neither a file nor a folder.' })
}

async function takeEntry(into: Collected, seen: Set<string>, folder: string, entry: Dirent): Promise<void> {
  if (entry.isSymbolicLink()) into.links++
  if (!entry.isFile() && !entry.isDirectory()) return
  const path = join(folder, entry.name)
  await reading(into, path, async () => take(into, seen, path, await stat(path)))
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function reading({ failed }: Collected, path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    failed.push(unreadable(path, error))
  }
}

/** What is wrong with a file of this machine. */
export function unreadable(path: string, error: unknown): FailedPath {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return { path, code: 'NO_SUCH_FILE', message: 'There is no such file or folder.' }
  const why = error instanceof Error ? error.message : String(error)
  return { path, code: 'NOT_READABLE', message: `It cannot be read, or was changed meanwhile (${why}).` }
}
