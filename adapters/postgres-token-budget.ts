import type pg from 'pg'
import { Failure } from '../domain/failure.ts'
import type { Quota } from '../domain/quota.ts'
import type { PaidBy, Prices, TokenBudget, TokenHold } from '../domain/usage.ts'
import { priceOf } from '../domain/usage.ts'
import { transaction } from './postgres-database.ts'
import { quotaOf } from './postgres-quota.ts'
import { addToDay, embedded, SECONDS_LEFT, tokensToday } from './postgres-token-usage.ts'

export type TokenBudgetOptions = { readonly quota: Quota; readonly prices: Prices }

/** Longer than a request waits for its turn. Only what nobody does again after its worker died is held so long. */
const HOLD_FOR = `interval '1 hour'`

const UNTIL_NEXT_DAY = `select ${SECONDS_LEFT} as seconds where $1::uuid is not null`

/** Until the first hold expires, if there is any left. It is more likely to be settled, or released, of which nobody tells. */
const UNTIL_RELEASED = `
  select greatest(1, least(60, coalesce(extract(epoch from min(expires_at) - now()), 0)))::float8 as seconds
  from token_holds where user_id = $1 and expires_at > now()`

/**
 * Work is begun as long as anything is left, so what exceeds the day's tokens is no more than one request of one file. All who
 * work for a user see what others hold: a lock for the user, until the transaction ends, has them ask one after the other.
 */
export class PostgresTokenBudget implements TokenBudget {
  readonly #pool: pg.Pool
  readonly #options: TokenBudgetOptions

  constructor(pool: pg.Pool, options: TokenBudgetOptions) {
    this.#pool = pool
    this.#options = options
  }

  async hold(hold: TokenHold): Promise<void> {
    const { tokensPerDay } = await quotaOf(this.#pool, hold.userId, this.#options.quota)
    if (tokensPerDay === undefined) return
    const used = await transaction(this.#pool, async (client) => {
      await client.query(`select pg_advisory_xact_lock(hashtextextended('tokens of ' || $1, 0))`, [hold.userId])
      const used = (await tokensToday(client, hold.userId)) + (await heldByOthers(client, hold))
      if (used < tokensPerDay) await keep(client, hold)
      await client.query('delete from token_holds where user_id = $1 and expires_at < now()', [hold.userId])
      return used
    })
    if (used >= tokensPerDay) throw usedUp(hold, used, tokensPerDay)
  }

  async settle({ name, userId, tokens }: TokenHold, { expertId, model }: PaidBy): Promise<void> {
    const price = priceOf(this.#options.prices, model)
    await this.#pool.query(
      `with settled as (
         delete from token_holds where name = $1
       ), paid as (${embedded('$3', '$5')}), of_user as (${addToDay('$2', '$4', 'files')})
       insert into expert_costs as cost (expert_id, tokens_embedded, amount, unpriced_tokens)
       select e.id, tokens, amount, unpriced from paid, experts e where e.id = $6
       on conflict (expert_id) do update set tokens_embedded = cost.tokens_embedded + excluded.tokens_embedded,
         amount = cost.amount + excluded.amount, unpriced_tokens = cost.unpriced_tokens + excluded.unpriced_tokens`,
      [name, userId, tokens, model, price, expertId],
    )
  }

  async release({ name }: TokenHold): Promise<void> {
    await this.#pool.query('delete from token_holds where name = $1', [name])
  }

  async waitFor(userId: string): Promise<number> {
    const { tokensPerDay } = await quotaOf(this.#pool, userId, this.#options.quota)
    const isLeft = tokensPerDay === undefined || (await tokensToday(this.#pool, userId)) < tokensPerDay
    const { rows } = await this.#pool.query<{ seconds: number }>(isLeft ? UNTIL_RELEASED : UNTIL_NEXT_DAY, [userId])
    return Math.ceil((rows[0]?.seconds ?? 0) * 1_000)
  }
}

async function heldByOthers(client: pg.PoolClient, { name, userId }: TokenHold): Promise<number> {
  const { rows } = await client.query<{ tokens: number }>(
    `select coalesce(sum(tokens), 0)::float8 as tokens from token_holds
     where user_id = $1 and name <> $2 and expires_at > now()`,
    [userId, name],
  )
  return rows[0]?.tokens ?? 0
}

async function keep(client: pg.PoolClient, { name, userId, tokens }: TokenHold): Promise<void> {
  await client.query(
    `insert into token_holds (name, user_id, tokens, expires_at) values ($1, $2, $3, now() + ${HOLD_FOR})
     on conflict (name) do update
       set user_id = excluded.user_id, tokens = excluded.tokens, expires_at = excluded.expires_at`,
    [name, userId, tokens],
  )
}

const usedUp = ({ userId }: TokenHold, used: number, limit: number) =>
  new Failure('TOKEN_QUOTA_EXHAUSTED', { userId }, { detail: `${used} of ${limit} tokens are used or held` })
