import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'

export const run = promisify(execFile)

export type Program = { readonly exited: Promise<string>; stop(): Promise<void> }

/**
 * Runs a program that must not outlive this process: it is ended when the pipe behind file descriptor 3 closes, which it
 * does however this process ends. `wait` returns early when the trap runs, hence the loop.
 */
const TETHER = `
"$@" 3<&- & child=$!
trap 'kill -TERM $child 2>/dev/null' TERM
(cat <&3 >/dev/null; kill -TERM $child 2>/dev/null) &
exec 3<&-
code=0
while :; do
  wait $child; code=$?
  kill -0 $child 2>/dev/null || break
done
exit $code`

const STOP_LIMIT_MS = 5_000

/** Starts a server in a process group of its own, so that a terminal's Ctrl-C does not reach it; its output goes to `logFile`. */
export async function startProgram(command: string, args: readonly string[], logFile: string): Promise<Program> {
  const log = await open(logFile, 'a')
  const shell = spawn('sh', ['-c', TETHER, 'sh', command, ...args], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd, 'pipe'],
  })
  const exited = once(shell, 'exit').then(
    ([code, signal]) => (signal ? `was ended by ${signal}` : `ended with code ${code}`),
    (error: Error) => `could not be started: ${error.message}`,
  )
  await log.close()
  // The tether's reader ends with its pipe.
  exited.then(() => shell.stdio[3]?.destroy())
  const stop = async () => {
    shell.kill('SIGTERM')
    const timer = setTimeout(() => shell.pid && process.kill(-shell.pid, 'SIGKILL'), STOP_LIMIT_MS)
    await exited
    clearTimeout(timer)
  }
  return { exited, stop }
}
