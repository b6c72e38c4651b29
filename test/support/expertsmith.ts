import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { infrastructure } from './infrastructure.ts'
import type { World } from './world.ts'

export type CommandResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs `npm run expertsmith -- <args>` against the servers of the test, and resolves when it ends. */
export async function expertsmith({ taskQueue }: Pick<World, 'taskQueue'>, ...args: string[]): Promise<CommandResult> {
  const command = spawn(process.execPath, ['cli/main.ts', ...args], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: infrastructure().temporalAddress,
      TEMPORAL_TASK_QUEUE: taskQueue,
      NO_COLOR: '1',
      FORCE_COLOR: '0',
    },
  })
  const closed = new Promise<number | null>((resolve) => command.once('close', resolve))
  const [stdout, stderr, code] = await Promise.all([text(command.stdout), text(command.stderr), closed])
  return { code, stdout, stderr }
}
