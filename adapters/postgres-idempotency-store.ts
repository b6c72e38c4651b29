import type pg from 'pg'
import type { BegunRequest, IdempotencyStore, KeptAnswer, NewRequest, RequestHold } from '../domain/ports.ts'

type Row = {
  fingerprint: string | null
  status: number | null
  location: string | null
  body: unknown
}

const MINE = 'user_id = $1 and route = $2 and key = $3 and holder = $4'

export class PostgresIdempotencyStore implements IdempotencyStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async begin(request: NewRequest): Promise<BegunRequest> {
    // Whoever comes removes what became too old since the one before, so there is never much of it.
    await this.#pool.query(`delete from idempotency_keys where created_at < now() - interval '24 hours'`)
    for (;;) {
      const begun = (await this.#take(request)) ?? (await this.#find(request))
      // Neither: it was there and was forgotten in between.
      if (begun) return begun
    }
  }

  async renew(hold: RequestHold): Promise<void> {
    await this.#pool.query(
      `update idempotency_keys set held_until = now() + $5 * interval '1 millisecond' where ${MINE}`,
      [...mine(hold), hold.milliseconds],
    )
  }

  async keep(hold: RequestHold, fingerprint: string, { status, location, body }: KeptAnswer): Promise<void> {
    await this.#pool.query(
      `update idempotency_keys set fingerprint = $5, status = $6, location = $7, body = $8 where ${MINE}`,
      [...mine(hold), fingerprint, status, location ?? null, JSON.stringify(body)],
    )
  }

  async letGo(hold: RequestHold): Promise<void> {
    await this.#pool.query(
      `update idempotency_keys set held_until = now() where ${MINE} and status is null`,
      mine(hold),
    )
  }

  async forget(hold: RequestHold): Promise<void> {
    await this.#pool.query(`delete from idempotency_keys where ${MINE} and status is null`, mine(hold))
  }

  async #take(request: NewRequest): Promise<BegunRequest | undefined> {
    const { rows } = await this.#pool.query<{ resource_id: string }>(
      `insert into idempotency_keys as kept (user_id, route, key, holder, held_until, fingerprint, resource_id)
       values ($1, $2, $3, $4, now() + $5 * interval '1 millisecond', $6, $7)
       on conflict (user_id, route, key) do update set holder = excluded.holder, held_until = excluded.held_until
       where kept.status is null and kept.held_until <= now()
         and kept.fingerprint is not distinct from excluded.fingerprint
       returning resource_id`,
      [...mine(request), request.milliseconds, request.fingerprint ?? null, request.resourceId],
    )
    const [row] = rows
    if (!row) return undefined
    return { state: 'begun', resourceId: row.resource_id, isResumed: row.resource_id !== request.resourceId }
  }

  async #find({ userId, route, key }: NewRequest): Promise<BegunRequest | undefined> {
    const { rows } = await this.#pool.query<Row>(
      `select fingerprint, status, location, body from idempotency_keys
       where user_id = $1 and route = $2 and key = $3`,
      [userId, route, key],
    )
    return rows[0] && toBegun(rows[0])
  }
}

const mine = ({ userId, route, key, holder }: RequestHold) => [userId, route, key, holder]

function toBegun({ fingerprint, status, location, body }: Row): BegunRequest {
  if (status === null) return { state: 'under way', ...(fingerprint !== null && { fingerprint }) }
  const answer = { status, body, ...(location !== null && { location }) }
  return { state: 'answered', fingerprint: fingerprint ?? '', answer }
}
