import type pg from 'pg'
import type { Callback, CallbackStore } from '../domain/webhook.ts'

export class PostgresCallbackStore implements CallbackStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async secretOf(userId: string, expertId: string): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ secret: string }>(
      `select c.secret from expert_callbacks c join experts e on e.id = c.expert_id
       where e.user_id = $1 and c.expert_id = $2`,
      [userId, expertId],
    )
    return rows[0]?.secret
  }

  async replaceSecret(userId: string, expertId: string, secret: string, overlapMs: number): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `update expert_callbacks c
       set secret = $3, secret_before = c.secret, both_until = now() + $4 * interval '1 millisecond'
       from experts e where e.id = c.expert_id and e.user_id = $1 and c.expert_id = $2`,
      [userId, expertId, secret, overlapMs],
    )
    return rowCount === 1
  }
}

/** Another address keeps the secret, and is told what is not delivered yet; without a callback there is neither. */
export async function setCallback(client: pg.PoolClient, expertId: string, callback: Callback | null): Promise<void> {
  if (!callback) {
    await client.query(
      `with undelivered as (delete from webhook_events where expert_id = $1)
       delete from expert_callbacks where expert_id = $1`,
      [expertId],
    )
    return
  }
  await client.query(
    `insert into expert_callbacks (expert_id, url, secret) values ($1, $2, $3)
     on conflict (expert_id) do update set url = excluded.url`,
    [expertId, callback.url, callback.secret],
  )
}
