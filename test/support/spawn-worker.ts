import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { infrastructure } from './infrastructure.ts'
import type { World } from './world.ts'

/** A worker as a process of its own, for a world without workers: it can really be killed. */
export const spawnWorker = (world: World): ChildProcess =>
  spawn(process.execPath, ['worker/main.ts'], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...workerEnvironment(world), LOG_LEVEL: 'error' },
  })

/** What a worker of that world needs to know. */
export const workerEnvironment = (world: World) => ({
  DATABASE_URL: world.database.url,
  TEMPORAL_ADDRESS: infrastructure().temporalAddress,
  TEMPORAL_TASK_QUEUE: world.taskQueue,
  EMBEDDING_DIMENSIONS: String(world.embedder.dimensions),
  DATA_DIR: world.dir,
  HOUSEKEEPING_EVERY: 'off',
})
