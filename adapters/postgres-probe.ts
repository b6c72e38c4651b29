import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { DatabaseConfig } from '../config.ts'

const TIMEOUT_MS = 5_000
const CHANNEL = 'expertsmith_doctor'
const MIGRATIONS = join(import.meta.dirname, '../migrations')

export type Connections = {
  /** What the server, the role and the database allow, without those that are reserved. */
  readonly most: number
  readonly used: number
}

/** `missing`: not applied yet; `unknown`: applied by a newer version than this one. In their order. */
export type MigrationState = { readonly missing: readonly string[]; readonly unknown: readonly string[] }

/** Asks a database what it is fit for, and changes nothing. Methods throw what the server answers, with its `code`. */
export class PostgresProbe {
  readonly #options: pg.ClientConfig

  constructor({ url }: Pick<DatabaseConfig, 'url'>) {
    this.#options = {
      connectionString: url,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      application_name: 'expertsmith-doctor',
    }
  }

  /** Such as 180004. */
  async version(): Promise<number> {
    const [row] = await this.#query<{ version: number }>(`select current_setting('server_version_num')::int as version`)
    return row?.version ?? 0
  }

  async migrations(): Promise<MigrationState> {
    const files = (await readdir(MIGRATIONS)).map((file) => file.replace(/\.sql$/, '')).sort()
    const [table] = await this.#query<{ name: string | null }>(`select to_regclass('migrations') as name`)
    const applied = table?.name ? await this.#query<{ name: string }>('select name from migrations order by id') : []
    const names = applied.map(({ name }) => name)
    return {
      missing: files.filter((file) => !names.includes(file)),
      unknown: names.filter((name) => !files.includes(name)),
    }
  }

  /** Whether a connection that listens is told: behind a pool that changes connections after each transaction it is not. */
  hearsNotifications(): Promise<boolean> {
    return this.#connected(async (listener) => {
      const payload = randomUUID()
      const heard = new Promise<boolean>((resolve) => {
        listener.on('notification', (message) => message.payload === payload && resolve(true))
      })
      await listener.query(`listen ${CHANNEL}`)
      await this.#query('select pg_notify($1, $2)', [CHANNEL, payload])
      return Promise.race([heard, delay(TIMEOUT_MS / 2, false, { ref: false })])
    })
  }

  async connections(): Promise<Connections> {
    const [row] = await this.#query<Connections>(
      `select least(
           current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
           (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user),
           (select nullif(datconnlimit, -1) from pg_database where datname = current_database())
         ) as most,
         (select count(*)::int from pg_stat_activity
          where backend_type = 'client backend' and application_name not like 'expertsmith%') as used`,
    )
    return row ?? { most: 0, used: 0 }
  }

  /** What the role may not do, as in `update on files`. */
  async lackingPrivileges(): Promise<string[]> {
    const rows = await this.#query<{ lacking: string }>(
      `select privilege || ' on ' || relname as lacking
       from pg_class, unnest(array['select', 'insert', 'update', 'delete']) as privilege
       where relnamespace = current_schema()::regnamespace and relkind = 'r'
         and not has_table_privilege(oid, privilege)
       union all select 'create in schema ' || current_schema()
       where not has_schema_privilege(current_schema(), 'create')
       order by 1`,
    )
    return rows.map(({ lacking }) => lacking)
  }

  /** The experts that are paused, by why: the code of the reason. */
  pausedExperts(): Promise<{ code: string; experts: number }[]> {
    return this.#query(
      `select coalesce(split_part(status_reason, ':', 1), 'no reason') as code, count(*)::int as experts
       from experts where status = 'paused' group by 1 order by 2 desc, 1`,
    )
  }

  /** Whether the server archives its log, from which any moment can be restored. */
  async archives(): Promise<boolean> {
    const [row] = await this.#query<{ on: boolean }>(`select current_setting('archive_mode') <> 'off' as on`)
    return row?.on ?? false
  }

  #query<T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> {
    return this.#connected(async (client) => (await client.query<T>(sql, values)).rows)
  }

  async #connected<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client(this.#options)
    // The query that it hits tells of it.
    client.on('error', () => undefined)
    try {
      await client.connect()
      return await work(client)
    } finally {
      await Promise.race([client.end().catch(() => undefined), delay(1_000, undefined, { ref: false })])
    }
  }
}
