import { existsSync, readFileSync } from 'node:fs'

const childrenFile = (pid: number) => `/proc/${pid}/task/${pid}/children`

/** False, or why processes cannot be listed here: for the `skip` option of a test. */
export const processesHidden: string | false = existsSync(childrenFile(process.pid))
  ? false
  : 'only Linux lists the children of a process, in /proc'

/** The ids of the processes that a process has started, and that have not ended. */
export function childProcesses(pid: number = process.pid): number[] {
  const children = readFileSync(childrenFile(pid), 'utf8').trim()
  return children === '' ? [] : children.split(' ').map(Number).filter(isRunning)
}

/** The process of that program with that argument, among those that this one has started, directly or not. */
export function descendant(program: string, argument: string): number {
  const pending = childProcesses()
  for (let pid = pending.shift(); pid !== undefined; pid = pending.shift()) {
    const [name, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    if (name === program && args.includes(argument)) return pid
    pending.push(...childProcesses(pid))
  }
  throw new Error(`no ${program} with ${argument} runs`)
}

/** What proc(5) says of a process from its state on; undefined where there is none. */
function statOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')
  } catch {
    return undefined
  }
}

/** A process that has ended, but that nobody has asked for its result, does not run. */
export const isRunning = (pid: number): boolean => !['Z', 'X', undefined].includes(statOf(pid)?.[0])

/** Ticks of a hundredth of a second, on all systems that we know. */
export const cpuSeconds = (pid: number): number => Number(statOf(pid)?.[11] ?? 0) / 100
