import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

const OURS = /^worker-(?<host>.+)-(?<pid>\d+)-\w+$/

/** A folder for this process alone. Folders that dead processes of this machine left behind are removed. */
export async function openScratch(parent: string): Promise<{ dir: string; remove: () => Promise<void> }> {
  await mkdir(parent, { recursive: true })
  for (const name of await readdir(parent))
    if (isAbandoned(name)) await rm(join(parent, name), { recursive: true, force: true })
  const dir = await mkdtemp(join(parent, `worker-${hostname()}-${process.pid}-`))
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) }
}

function isAbandoned(name: string): boolean {
  const { host, pid } = OURS.exec(name)?.groups ?? {}
  return host === hostname() && pid !== undefined && !isAlive(Number(pid))
}

function isAlive(pid: number): boolean {
  // Process ids are given out again, in containers always the same ones: our own cannot be another's.
  if (pid === process.pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
