import type pg from 'pg'
import type { DayUsage } from '../domain/usage.ts'

/** By the database's clock, so that all processes mean the same day. */
export const TODAY = `(now() at time zone 'utc')::date`
export const NEXT_DAY = `((${TODAY} + 1)::timestamp at time zone 'utc')`
export const SECONDS_LEFT = `extract(epoch from ${NEXT_DAY} - now())::float8`

/** What the user has used up today: by files, searches and chats. */
export async function tokensToday(database: Pick<pg.Pool | pg.PoolClient, 'query'>, userId: string): Promise<number> {
  const { rows } = await database.query<{ tokens: number }>(
    `select coalesce(sum(tokens), 0)::float8 as tokens from token_usage where user_id = $1 and day = ${TODAY}`,
    [userId],
  )
  return rows[0]?.tokens ?? 0
}

/** A part of a statement: adds `tokens`, `completion`, `amount` and `unpriced` of the one row of `paid` to the user's day. */
export const addToDay = (userId: string, model: string, purpose: DayUsage['purpose']) => `
  insert into token_usage as usage (user_id, day, model, purpose, tokens, completion_tokens, amount, unpriced_tokens)
  select ${userId}, ${TODAY}, ${model}, '${purpose}', tokens, completion, amount, unpriced from paid
  on conflict (user_id, day, model, purpose) do update set tokens = usage.tokens + excluded.tokens,
    completion_tokens = usage.completion_tokens + excluded.completion_tokens,
    amount = usage.amount + excluded.amount, unpriced_tokens = usage.unpriced_tokens + excluded.unpriced_tokens`

/** The row `paid` of tokens that were embedded, at a price per million that may be null. */
export const embedded = (tokens: string, price: string) => `
  select ${tokens}::bigint as tokens, 0 as completion, coalesce(${tokens}::bigint * ${price}::numeric / 1000000, 0) as amount,
    case when ${price}::numeric is null then ${tokens}::bigint else 0 end as unpriced`
