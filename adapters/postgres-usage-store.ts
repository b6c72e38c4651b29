import type pg from 'pg'
import type { ChatUsage } from '../domain/chat-usage.ts'
import type { Quota, QuotaOverride, Space } from '../domain/quota.ts'
import { checkSpace } from '../domain/quota.ts'
import type { ChatPaidBy, ChatPrices, DayUsage, Room, Usage, UsageStore } from '../domain/usage.ts'
import { chatPriceOf, priceOf, TokensUsedUp } from '../domain/usage.ts'
import { isLimited, quotaOf, spaceOfOpenUploads, spaceTaken, spaceUsed } from './postgres-quota.ts'
import type { TokenBudgetOptions } from './postgres-token-budget.ts'
import { addToDay, embedded, NEXT_DAY, TODAY, tokensToday } from './postgres-token-usage.ts'

export type UsageStoreOptions = TokenBudgetOptions & { readonly chatPrices?: ChatPrices | undefined }

export class PostgresUsageStore implements UsageStore {
  readonly #pool: pg.Pool
  readonly #options: UsageStoreOptions

  constructor(pool: pg.Pool, options: UsageStoreOptions) {
    this.#pool = pool
    this.#options = options
  }

  async of(userId: string, days: number): Promise<Usage> {
    const [quota, space, openUploads, today, renewsAt, used] = await Promise.all([
      this.#quotaOf(userId),
      spaceUsed(this.#pool, userId),
      spaceOfOpenUploads(this.#pool, userId),
      tokensToday(this.#pool, userId),
      this.#nextDay(),
      this.#days(userId, days),
    ])
    return { ...space, openUploads, quota, tokensToday: today, renewsAt, days: used }
  }

  async room(userId: string, asked: Space): Promise<Room> {
    const quota = await this.#quotaOf(userId)
    const used = await (isLimited(quota) ? spaceTaken : spaceUsed)(this.#pool, userId)
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
    await this.#pool.query(`with paid as (${embedded('$3', '$4')}) ${addToDay('$1', '$2', 'searches')}`, [
      userId,
      model,
      tokens,
      priceOf(this.#options.prices, model),
    ])
  }

  async countChat(
    { userId, expertId, model }: ChatPaidBy,
    { promptTokens, completionTokens }: ChatUsage,
  ): Promise<void> {
    const price = chatPriceOf(this.#options.chatPrices ?? {}, model)
    await this.#pool.query(
      `with paid as (
         select $4::bigint + $5::bigint as tokens, $4::bigint as prompt, $5::bigint as completion,
           coalesce(($4::bigint * $6::numeric + $5::bigint * $7::numeric) / 1000000, 0) as amount,
           case when $6::numeric is null then $4::bigint + $5::bigint else 0 end as unpriced
       ), of_user as (${addToDay('$1', '$3', 'chats')})
       insert into expert_costs as cost
         (expert_id, chat_prompt_tokens, chat_completion_tokens, chat_amount, chat_unpriced_tokens)
       select e.id, prompt, completion, amount, unpriced from paid, experts e where e.id = $2
       on conflict (expert_id) do update set
         chat_prompt_tokens = cost.chat_prompt_tokens + excluded.chat_prompt_tokens,
         chat_completion_tokens = cost.chat_completion_tokens + excluded.chat_completion_tokens,
         chat_amount = cost.chat_amount + excluded.chat_amount,
         chat_unpriced_tokens = cost.chat_unpriced_tokens + excluded.chat_unpriced_tokens`,
      [userId, expertId, model, promptTokens, completionTokens, price?.prompt, price?.completion],
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
      `select day::text as day, model, purpose, tokens::float8 as tokens, completion_tokens::float8 as "completionTokens",
         case when unpriced_tokens = 0 then amount::float8 end as amount
       from token_usage where user_id = $1 and day > ${TODAY} - $2::int order by day desc, model, purpose`,
      [userId, days],
    )
    return rows
  }
}
