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

/** A process that has ended, but that nobody has asked for its result, does not run. */
export function isRunning(pid: number): boolean {
  try {
    const [state] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? ''
    return state !== 'Z' && state !== 'X'
  } catch {
    return false
  }
}
