import { readFileSync } from 'node:fs'
import { childProcesses } from '../../test/support/child-processes.ts'

/** What a process and all that it has started take; processor time includes that of children that have ended. */
export type Usage = { readonly cpuSeconds: number; readonly residentBytes: number }

/** Ticks of a hundredth of a second, on all systems that we know. */
const TICKS_PER_SECOND = 100
const NOTHING: Usage = { cpuSeconds: 0, residentBytes: 0 }

/** The processes that `pid` has started, theirs, and `pid` itself. */
export function processTree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(processTree)]
}

/** Resident memory is summed up, so that pages which processes share count for each of them. */
export function usageOf(pids: readonly number[]): Usage {
  return pids.flatMap(processTree).reduce((sum, pid) => add(sum, usageOfOne(pid)), NOTHING)
}

/** Of these processes alone. */
export const residentBytes = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + usageOfOne(pid).residentBytes, 0)

/** The first process below this one whose program has this name. */
export const findProgram = (name: string): number | undefined =>
  processTree(process.pid).find((pid) => read(pid, 'comm').trim() === name)

function usageOfOne(pid: number): Usage {
  // Behind the name, which may hold spaces: state, 10 more, then utime, stime, cutime, cstime.
  const ticks = read(pid, 'stat').split(') ').at(-1)?.split(' ').slice(11, 15) ?? []
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(read(pid, 'status'))?.[1] ?? 0
  return {
    cpuSeconds: ticks.reduce((sum, each) => sum + Number(each), 0) / TICKS_PER_SECOND,
    residentBytes: Number(kilobytes) * 1_024,
  }
}

const add = (a: Usage, b: Usage): Usage => ({
  cpuSeconds: a.cpuSeconds + b.cpuSeconds,
  residentBytes: a.residentBytes + b.residentBytes,
})

/** Processes end while one looks at them. */
function childrenOf(pid: number): number[] {
  try {
    return childProcesses(pid)
  } catch {
    return []
  }
}

function read(pid: number, file: 'comm' | 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
