import assert from 'node:assert/strict'
import type { ChildProcessByStdio } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { infrastructure } from './infrastructure.ts'
import { processEnvironment } from './process-environment.ts'
import { eventually } from './requests.ts'
import type { World } from './world.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Several may start at the same time, on a machine that does other things too. */
const LIMIT_MS = 180_000

/** `worker/main.ts` as a process of its own, as it runs in production. */
export class WorkerProcess {
  readonly #process: ChildProcessByStdio<null, Readable, null>
  readonly #ended: Promise<unknown>
  readonly #lines: string[] = []

  private constructor(env: Readonly<Record<string, string>>) {
    this.#process = spawn(process.execPath, ['worker/main.ts'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: processEnvironment({ ...env, LOG_LEVEL: 'debug', LOG_FORMAT: 'json' }),
    })
    this.#ended = once(this.#process, 'exit')
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#lines.push(line))
  }

  /** Resolves when it polls for work. */
  static async start(env: Readonly<Record<string, string>>): Promise<WorkerProcess> {
    const worker = new WorkerProcess(env)
    await worker.#logs('"Worker started"')
    return worker
  }

  /** Ends it at once, whatever it does. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#ended
  }

  /** Asks it to end, and waits for that. @returns its exit code */
  async stop(): Promise<number | null> {
    this.#process.kill('SIGTERM')
    return this.exitCode()
  }

  /** Asks it to end in the middle of its work, and waits until it takes no more work: neither in general, nor for embedding, nor on its own files. */
  async terminate(): Promise<void> {
    this.#process.kill('SIGTERM')
    await this.#logs('"state":"DRAINING"', 3)
  }

  /** Waits for its end. @returns null where a signal ended it */
  async exitCode(): Promise<number | null> {
    await this.#ended
    return this.#process.exitCode
  }

  async #logs(text: string, times = 1): Promise<void> {
    const logged = async () => {
      const lines = this.#lines.filter((line) => line.includes(text))
      assert.ok(lines.length >= times || this.#hasEnded, `${text} was logged ${lines.length} times, not ${times}`)
    }
    await eventually(logged, LIMIT_MS)
    assert.ok(!this.#hasEnded, `the worker has ended before it logged ${text}`)
  }

  get #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }
}

/** What a worker of that world needs to know. */
export const workerEnvironment = ({ database, taskQueue, embedder, dir }: World) => ({
  DATABASE_URL: database.url,
  TEMPORAL_ADDRESS: infrastructure().temporalAddress,
  TEMPORAL_TASK_QUEUE: taskQueue,
  EMBEDDING_DIMENSIONS: String(embedder.dimensions),
  DATA_DIR: dir,
  // Its runs are no part of what is counted.
  HOUSEKEEPING_EVERY: 'off',
})

/** Objects in the S3 server of the tests, by that address. */
export function s3Environment(endpoint: string) {
  const { bucket, accessKeyId, secretKey, region } = infrastructure().s3
  return {
    OBJECT_STORE: 's3',
    S3_ENDPOINT: endpoint,
    S3_BUCKET_NAME: bucket,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_KEY: secretKey,
    S3_REGION: region,
  }
}
