import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { migrate, openDatabase } from '../../adapters/postgres-database.ts'
import type { PostgresServer } from '../../stack/postgres-server.ts'
import { startPostgresServer } from '../../stack/postgres-server.ts'
import { isRunning } from './child-processes.ts'
import type { TestDatabase } from './database.ts'
import { freePort } from './free-port.ts'

/** A Postgres of one's own with a migrated database, which can be stopped as by a crash and started again. */
export class RestartablePostgres {
  readonly #options: { dir: string; port: number; fsync: boolean }
  #server: PostgresServer

  private constructor(options: { dir: string; port: number; fsync: boolean }, server: PostgresServer) {
    this.#options = options
    this.#server = server
  }

  static async start(): Promise<RestartablePostgres> {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-postgres-'))
    // It runs as another user than root, and must be able to enter.
    await chmod(dir, 0o755)
    const options = { dir, port: await freePort(), fsync: false }
    const server = await startPostgresServer(options)
    await migrate(server)
    return new RestartablePostgres(options, server)
  }

  openDatabase(): TestDatabase {
    const { url } = this.#server
    const pool = openDatabase({ url, connections: 5 }, () => undefined)
    return { url, pool, close: () => pool.end() }
  }

  /** An immediate shutdown: nobody is waited for, and the next start recovers from the log. */
  async crash(): Promise<void> {
    const [pid] = (await readFile(join(this.#options.dir, 'data/postmaster.pid'), 'utf8')).split('\n').map(Number)
    if (!pid) throw new Error('a Postgres that runs leaves its process id')
    process.kill(pid, 'SIGQUIT')
    while (isRunning(pid)) await delay(20)
  }

  async restart(): Promise<void> {
    this.#server = await startPostgresServer(this.#options)
  }

  async close(): Promise<void> {
    await this.#server.close()
    await rm(this.#options.dir, { recursive: true, force: true, maxRetries: 3 })
  }
}
