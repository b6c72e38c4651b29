import type pg from 'pg'
import type { Lease, LeaseStore } from '../domain/ports.ts'

export class PostgresLeaseStore implements LeaseStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async acquire({ name, holder }: Lease, milliseconds: number): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `insert into leases (name, holder, expires_at) values ($1, $2, now() + $3 * interval '1 millisecond')
       on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at
       where leases.holder = excluded.holder or leases.expires_at < now()`,
      [name, holder, milliseconds],
    )
    return rowCount === 1
  }

  async release({ name, holder }: Lease): Promise<void> {
    await this.#pool.query('delete from leases where name = $1 and holder = $2', [name, holder])
  }
}
