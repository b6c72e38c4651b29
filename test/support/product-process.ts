import assert from 'node:assert/strict'
import type { ChildProcessByStdio } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Environment } from '../../config.ts'
import { processEnvironment } from './process-environment.ts'
import { eventually } from './requests.ts'

const ROOT = join(import.meta.dirname, '../..')
const LIMIT_MS = 180_000

/** `api/main.ts` or `worker/main.ts` as it runs in production, with all that it prints. */
export class ProductProcess {
  readonly lines: string[] = []
  readonly #process: ChildProcessByStdio<null, Readable, Readable>
  readonly #ended: Promise<unknown>

  private constructor(name: 'api' | 'worker', env: Environment) {
    this.#process = spawn(process.execPath, [`${name}/main.ts`], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: processEnvironment({ LOG_LEVEL: 'debug', LOG_FORMAT: 'json', ...env }),
    })
    this.#ended = once(this.#process, 'exit')
    for (const input of [this.#process.stdout, this.#process.stderr])
      createInterface({ input }).on('line', (line) => this.lines.push(line))
  }

  /** Resolves when it has logged `ready`. */
  static async start(name: 'api' | 'worker', env: Environment, ready: string): Promise<ProductProcess> {
    const started = new ProductProcess(name, env)
    await eventually(async () => {
      assert.ok(started.lines.some((line) => line.includes(ready)) || started.#hasEnded, `no ${ready} of the ${name}`)
    }, LIMIT_MS)
    assert.ok(!started.#hasEnded, `the ${name} has ended:\n${started.lines.join('\n')}`)
    return started
  }

  /** @returns its exit code */
  async stop(): Promise<number | null> {
    this.#process.kill('SIGTERM')
    await this.#ended
    return this.#process.exitCode
  }

  get #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }
}
