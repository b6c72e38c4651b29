import type pg from 'pg'

/** By the database's clock, so that all processes mean the same day. */
export const TODAY = `(now() at time zone 'utc')::date`
export const NEXT_DAY = `((${TODAY} + 1)::timestamp at time zone 'utc')`
export const SECONDS_LEFT = `extract(epoch from ${NEXT_DAY} - now())::float8`

/** What the user has had embedded today: files and searches. */
export async function tokensToday(database: Pick<pg.Pool | pg.PoolClient, 'query'>, userId: string): Promise<number> {
  const { rows } = await database.query<{ tokens: number }>(
    `select coalesce(sum(tokens), 0)::float8 as tokens from token_usage where user_id = $1 and day = ${TODAY}`,
    [userId],
  )
  return rows[0]?.tokens ?? 0
}
