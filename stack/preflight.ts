import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, statfs, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import lockfile from 'proper-lockfile'

/** Something that stands in the way of a start, in a sentence that says what to do. */
export class Obstacle extends Error {
  override readonly name = 'Obstacle'
}

export type PortUse = { readonly port: number; readonly host: string; readonly what: string; readonly variable: string }

const LEAST_FREE_MB = 500
const MEGABYTE = 1_048_576
/** A lock whose owner was killed is free again after this time. */
const STALE_MS = 6_000
const POLL_MS = 250

/** Waits as long as `patienceMs` for ports to be free. @throws Obstacle that names every port that is taken */
export async function checkPorts(uses: readonly PortUse[], patienceMs = 0): Promise<void> {
  const deadline = Date.now() + patienceMs
  let taken = await takenOf(uses)
  for (; taken.length > 0 && Date.now() < deadline; taken = await takenOf(taken)) await delay(POLL_MS)
  if (taken.length === 0) return
  const lines = taken.map(
    ({ port, what, variable }) =>
      `Port ${port}, which ${what} needs, is taken by another program. Stop that program, or choose another port: ${variable}=${port + 1} npm start`,
  )
  throw new Obstacle(lines.join('\n'))
}

async function takenOf(uses: readonly PortUse[]): Promise<PortUse[]> {
  const free = await Promise.all(uses.map(isFree))
  return uses.filter((_, i) => !free[i])
}

async function isFree({ port, host }: PortUse): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ port, host, exclusive: true })
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}

/** @throws Obstacle where the disk is nearly full */
export async function checkDisk(dir: string): Promise<void> {
  const { bavail, bsize } = await statfs(dir)
  const free = Math.floor((bavail * bsize) / MEGABYTE)
  if (free >= LEAST_FREE_MB) return
  throw new Obstacle(
    `The disk of ${dir} has ${free} MB left, and Expertsmith needs ${LEAST_FREE_MB} MB to start. Make room, or set DATA_DIR to a folder on another disk.`,
  )
}

/** `isAfterKill`: the run before could not give it back. */
export type DataDirLock = { readonly release: () => Promise<void>; readonly isAfterKill: boolean }

/**
 * Takes the data folder for this process. After a stack that was killed it waits until that one's lock has gone stale.
 * @throws Obstacle where another stack runs on it
 */
export async function lockDataDir(dir: string, address: string, onWait: () => void): Promise<DataDirLock> {
  await mkdir(dir, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Obstacle(
      `The data folder ${dir} cannot be made (${error.code}). Set DATA_DIR to a folder that can be written.`,
    )
  })
  const owner = join(dir, 'stack.json')
  const isAfterKill = existsSync(lockOf(dir))
  const release = (await tryLock(dir)) ?? (await waitForLock(dir, owner, onWait))
  await writeFile(owner, JSON.stringify({ pid: process.pid, address }))
  return { release, isAfterKill }
}

const lockOf = (dir: string) => join(dir, 'stack.lock')

async function waitForLock(dir: string, ownerFile: string, onWait: () => void) {
  const { pid, address } = await readOwner(ownerFile)
  if (pid !== undefined && isAlive(pid)) throw runsAlready(dir, pid, address)
  onWait()
  const release = await tryLock(dir, { retries: 10, factor: 1, minTimeout: 1_000 })
  if (!release) throw runsAlready(dir, pid, address)
  return release
}

const runsAlready = (dir: string, pid: number | undefined, address: string | undefined) =>
  new Obstacle(
    `Expertsmith already runs on ${dir} (process ${pid ?? 'unknown'}, ${address ?? 'address unknown'}). Stop that one first, or set DATA_DIR to another folder.`,
  )

async function tryLock(
  dir: string,
  retries: { retries: number; factor?: number; minTimeout?: number } = { retries: 0 },
) {
  try {
    return await lockfile.lock(dir, { lockfilePath: lockOf(dir), stale: STALE_MS, update: 2_000, retries })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ELOCKED') return undefined
    throw error
  }
}

async function readOwner(file: string): Promise<{ pid?: number; address?: string }> {
  return JSON.parse(await readFile(file, 'utf8').catch(() => '{}'))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
