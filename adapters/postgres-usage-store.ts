import type pg from 'pg'
import type { Quota, QuotaOverride, Space } from '../domain/quota.ts'
import { checkSpace } from '../domain/quota.ts'
import type { DayUsage, Room, Usage, UsageStore } from '../domain/usage.ts'
import { priceOf, TokensUsedUp } from '../domain/usage.ts'
import { quotaOf, spaceUsed } from './postgres-quota.ts'
import type { TokenBudgetOptions } from './postgres-token-budget.ts'
import { NEXT_DAY, TODAY, tokensToday } from './postgres-token-usage.ts'

export class PostgresUsageStore implements UsageStore {
  readonly #pool: pg.Pool
  readonly #options: TokenBudgetOptions

  constructor(pool: pg.Pool, options: TokenBudgetOptions) {
    this.#pool = pool
    this.#options = options
  }

  async of(userId: string, days: number): Promise<Usage> {
    const [quota, space, today, renewsAt, used] = await Promise.all([
      this.#quotaOf(userId),
      spaceUsed(this.#pool, userId),
      tokensToday(this.#pool, userId),
      this.#nextDay(),
      this.#days(userId, days),
    ])
    return { ...space, quota, tokensToday: today, renewsAt, days: used }
  }

  async room(userId: string, asked: Space): Promise<Room> {
    const [quota, used] = await Promise.all([this.#quotaOf(userId), spaceUsed(this.#pool, userId)])
    checkSpace(quota, used, asked)
    return { bytes: (quota.bytes ?? Number.POSITIVE_INFINITY) - used.bytes, quota, used }
  }

  async checkTokens(userId: string): Promise<void> {
    const { tokensPerDay } = await this.#quotaOf(userId)
    if (tokensPerDay === undefined) return
    const used = await tokensToday(this.#pool, userId)
    if (used >= tokensPerDay) throw new TokensUsedUp(tokensPerDay, used, await this.#nextDay())
  }

  async countSearch(userId: string, model: string, tokens: number): Promise<void> {
    await this.#pool.query(
      `insert into token_usage as usage (user_id, day, model, purpose, tokens, amount, unpriced_tokens)
       values ($1, ${TODAY}, $2, 'searches', $3::bigint, coalesce($3::bigint * $4::numeric / 1000000, 0),
         case when $4::numeric is null then $3::bigint else 0 end)
       on conflict (user_id, day, model, purpose) do update set tokens = usage.tokens + excluded.tokens,
         amount = usage.amount + excluded.amount, unpriced_tokens = usage.unpriced_tokens + excluded.unpriced_tokens`,
      [userId, model, tokens, priceOf(this.#options.prices, model)],
    )
  }

  async override(userId: string, override: QuotaOverride): Promise<void> {
    await this.#pool.query(
      `insert into user_quotas (user_id, limits) values ($1, $2)
       on conflict (user_id) do update set limits = excluded.limits, updated_at = now()`,
      [userId, JSON.stringify(override)],
    )
  }

  #quotaOf(userId: string): Promise<Quota> {
    return quotaOf(this.#pool, userId, this.#options.quota)
  }

  async #nextDay(): Promise<Date> {
    const { rows } = await this.#pool.query<{ next: Date }>(`select ${NEXT_DAY} as next`)
    const [row] = rows
    if (!row) throw new Error('the database has no time')
    return row.next
  }

  async #days(userId: string, days: number): Promise<DayUsage[]> {
    const { rows } = await this.#pool.query<DayUsage>(
      `select day::text as day, model, purpose, tokens::float8 as tokens,
         case when unpriced_tokens = 0 then amount::float8 end as amount
       from token_usage where user_id = $1 and day > ${TODAY} - $2::int order by day desc, model, purpose`,
      [userId, days],
    )
    return rows
  }
}
