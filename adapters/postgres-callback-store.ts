import type pg from 'pg'
import type { Callback, CallbackStore, SecretRenewal } from '../domain/webhook.ts'

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

  async replaceSecret(userId: string, expertId: string, { id, secret, overlapMs }: SecretRenewal): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `with callback as (
         select c.* from expert_callbacks c join experts e on e.id = c.expert_id
         where e.user_id = $1 and c.expert_id = $2 for update of c
       ), renewed as (
         update expert_callbacks c set secret = $4, secret_before = callback.secret, renewed_by = $3,
           both_until = now() + $5 * interval '1 millisecond'
         from callback where c.expert_id = callback.expert_id and callback.renewed_by is distinct from $3
       )
       select from callback`,
      [userId, expertId, id, secret, overlapMs],
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
