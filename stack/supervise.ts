import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export type ServiceOptions = {
  /** `api/main.ts`, from the root of the project. */
  readonly script: string
  readonly env: NodeJS.ProcessEnv
  /** Starts it again whenever a source file changes. */
  readonly watch: boolean
  /** How long it may take to end when it is asked to; then it is killed. */
  readonly stopLimitMs: number
  readonly onRestart: (how: string, delayMs: number) => void
  /** It dies again and again: something is wrong that a restart does not mend. */
  readonly onGiveUp: (how: string) => void
}

const ROOT = join(import.meta.dirname, '..')
const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 5_000
const DEATHS_ALLOWED = 5
const WITHIN_MS = 60_000

/** A process of the product, started again when it dies. */
export class Service {
  readonly #options: ServiceOptions
  readonly #deaths: number[] = []
  readonly #stopping = new AbortController()
  #child: ChildProcess | undefined
  #running: Promise<void> | undefined

  constructor(options: ServiceOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#keepAlive()
  }

  /** Lets it drain; kills it where that takes too long. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const child = this.#child
    child?.kill('SIGTERM')
    const timer = setTimeout(() => child?.kill('SIGKILL'), this.#options.stopLimitMs)
    await this.#running
    clearTimeout(timer)
  }

  kill(): void {
    this.#stopping.abort()
    this.#child?.kill('SIGKILL')
  }

  async #keepAlive(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const how = await this.#runOnce()
      if (signal.aborted) return
      const recent = this.#countDeath()
      if (recent > DEATHS_ALLOWED) return this.#options.onGiveUp(how)
      const pause = Math.min(FIRST_DELAY_MS * 2 ** (recent - 1), LONGEST_DELAY_MS)
      this.#options.onRestart(how, pause)
      await delay(pause, undefined, { signal }).catch(() => undefined)
    }
  }

  async #runOnce(): Promise<string> {
    const { script, env, watch } = this.#options
    const args = ['--enable-source-maps', ...(watch ? ['--watch', '--watch-preserve-output'] : []), script]
    // A process group of its own: Ctrl-C reaches the stack only, which stops things in their order.
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env,
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child = child
    const [code, signal] = await once(child, 'exit')
    return signal ? `was ended by ${signal}` : `ended with code ${code}`
  }

  /** @returns how many deaths there were of late, this one included */
  #countDeath(): number {
    const now = Date.now()
    this.#deaths.push(now)
    while (this.#deaths[0] !== undefined && this.#deaths[0] < now - WITHIN_MS) this.#deaths.shift()
    return this.#deaths.length
  }
}
