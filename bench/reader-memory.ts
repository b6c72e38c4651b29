import { readdir, readFile } from 'node:fs/promises'

/**
 * Runs `use` and returns the most memory in bytes that one child process of this one has had resident until then; undefined
 * where the system has no /proc.
 */
export async function peakMemory(use: () => Promise<unknown>): Promise<number | undefined> {
  await use()
  const peaks = await Promise.all((await processes()).map(peakOfChild))
  const known = peaks.filter((peak) => peak !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

const processes = async () => (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))

async function peakOfChild(pid: string): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const parent = /^PPid:\s+(\d+)/m.exec(status)?.[1]
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]
  return Number(parent) === process.pid && kilobytes ? Number(kilobytes) * 1_024 : undefined
}
