import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findTemporalCli } from '../../stack/temporal-cli.ts'
import type { TemporalServer } from '../../stack/temporal-server.ts'
import { startTemporalServer } from '../../stack/temporal-server.ts'
import { descendant } from './child-processes.ts'
import { freePort } from './free-port.ts'

/** A Temporal server of one's own, which can be killed and started again on its database. */
export class RestartableTemporal {
  readonly #options: { cli: string; dir: string; port: number }
  #server: TemporalServer

  private constructor(options: { cli: string; dir: string; port: number }, server: TemporalServer) {
    this.#options = options
    this.#server = server
  }

  static async start(): Promise<RestartableTemporal> {
    const cli = await findTemporalCli({ explicit: process.env.TEMPORAL_CLI, onProgress: () => undefined })
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-temporal-'))
    const options = { cli, dir, port: await freePort() }
    return new RestartableTemporal(options, await startTemporalServer(options))
  }

  get address(): string {
    return this.#server.address
  }

  /** Not the shell that ties it to this process, but the server itself. */
  async kill(): Promise<void> {
    const { cli, dir } = this.#options
    process.kill(descendant(cli, join(dir, 'temporal.db')), 'SIGKILL')
    await this.#server.exited
  }

  async restart(): Promise<void> {
    this.#server = await startTemporalServer(this.#options)
  }

  async close(): Promise<void> {
    await this.#server.stop()
    await rm(this.#options.dir, { recursive: true, force: true, maxRetries: 3 })
  }
}
