import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { infrastructure } from './infrastructure.ts'
import { processEnvironment } from './process-environment.ts'
import { eventually } from './requests.ts'
import type { World } from './world.ts'

type CommandResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string }
type Target = Pick<World, 'taskQueue'> & {
  readonly temporalAddress?: string
  readonly env?: Readonly<Record<string, string>>
}

/** `npm run expertsmith -- <args>` against the servers of the test. */
export class ExpertsmithCommand {
  readonly result: Promise<CommandResult>
  #stdout = ''
  #stderr = ''

  constructor({ taskQueue, temporalAddress = infrastructure().temporalAddress, env = {} }: Target, ...args: string[]) {
    const command = spawn(process.execPath, ['cli/main.ts', ...args], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: processEnvironment({
        TEMPORAL_ADDRESS: temporalAddress,
        TEMPORAL_TASK_QUEUE: taskQueue,
        NO_COLOR: '1',
        ...env,
      }),
    })
    command.stdout.setEncoding('utf8').on('data', (text) => {
      this.#stdout += text
    })
    command.stderr.setEncoding('utf8').on('data', (text) => {
      this.#stderr += text
    })
    this.result = once(command, 'close').then(([code]) => ({ code, stdout: this.#stdout, stderr: this.#stderr }))
  }

  /** Resolves once its run is started, or joined. */
  async hasRun(): Promise<void> {
    await eventually(async () => assert.match(this.#stderr, /^Watch it: /m))
  }
}

/** Runs such a command to its end. */
export const expertsmith = (target: Target, ...args: string[]): Promise<CommandResult> =>
  new ExpertsmithCommand(target, ...args).result
