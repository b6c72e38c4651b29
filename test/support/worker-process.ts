import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = join(import.meta.dirname, '../..')

/** `worker/main.ts` as a process of its own, as it runs in production. */
export class WorkerProcess {
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>

  private constructor(process: ChildProcess) {
    this.#process = process
    this.#ended = once(process, 'exit')
  }

  /** Resolves when it polls for work. Warnings are left out, for the tests that use this cause them. */
  static async start(env: Readonly<Record<string, string>>): Promise<WorkerProcess> {
    const child = spawn(process.execPath, ['worker/main.ts'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env, LOG_LEVEL: 'info', LOG_FORMAT: 'json' },
    })
    const worker = new WorkerProcess(child)
    await worker.#started()
    return worker
  }

  /** Ends it at once, whatever it does. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#ended
  }

  /** Asks it to end. */
  terminate(): void {
    this.#process.kill('SIGTERM')
  }

  /** Waits for its end. @returns null where a signal ended it */
  async exitCode(): Promise<number | null> {
    await this.#ended
    return this.#process.exitCode
  }

  async #started(): Promise<void> {
    const { stdout } = this.#process
    if (!stdout) throw new Error('its output is piped')
    const lines = createInterface({ input: stdout })
    const said = new Promise<void>((resolve) => {
      lines.on('line', (line) => line.includes('"Worker started"') && resolve())
    })
    const died = this.#ended.then(() => {
      throw new Error(`the worker ended with code ${this.#process.exitCode} before it had started`)
    })
    await Promise.race([said, died])
    died.catch(() => undefined)
  }
}
