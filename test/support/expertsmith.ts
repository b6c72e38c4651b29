import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { infrastructure } from './infrastructure.ts'
import { processEnvironment } from './process-environment.ts'
import { eventually } from './requests.ts'
import type { World } from './world.ts'

type CommandResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string }
type Target = Partial<Pick<World, 'taskQueue'>> & {
  readonly temporalAddress?: string
  readonly apiUrl?: string
  /** What stands at its stdin. */
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

/** `npm run expertsmith -- <args>` against the servers of the test. */
export class ExpertsmithCommand {
  readonly result: Promise<CommandResult>
  readonly #command: ChildProcess
  #stdout = ''
  #stderr = ''

  constructor(target: Target, ...args: string[]) {
    const { taskQueue = 'none', temporalAddress = infrastructure().temporalAddress, apiUrl = '', env = {} } = target
    const command = spawn(process.execPath, ['cli/main.ts', ...args], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['pipe', 'pipe', 'pipe'],
      env: processEnvironment({
        TEMPORAL_ADDRESS: temporalAddress,
        TEMPORAL_TASK_QUEUE: taskQueue,
        API_URL: apiUrl,
        NO_COLOR: '1',
        ...env,
      }),
    })
    command.stdin.on('error', () => undefined).end(target.input ?? '')
    this.#command = command
    command.stdout.setEncoding('utf8').on('data', (text) => {
      this.#stdout += text
    })
    command.stderr.setEncoding('utf8').on('data', (text) => {
      this.#stderr += text
    })
    this.result = once(command, 'close').then(([code]) => ({ code, stdout: this.#stdout, stderr: this.#stderr }))
  }

  interrupt(): void {
    this.#command.kill('SIGINT')
  }

  /** Resolves once its run is started, or joined. */
  async hasRun(): Promise<void> {
    await eventually(async () => assert.match(this.#stderr, /^Watch it: /m))
  }
}

/** Runs such a command to its end. */
export const expertsmith = (target: Target, ...args: string[]): Promise<CommandResult> =>
  new ExpertsmithCommand(target, ...args).result
