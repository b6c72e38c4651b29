import type { ChatUsage } from './chat-usage.ts'
import { providerOf } from './embedders.ts'
import type { Quota, QuotaOverride, Space } from './quota.ts'

/** US dollars per million tokens, by model; a model that is not there has no price that is known. */
export type Prices = Readonly<Record<string, number>>

/** Of chats: what is read and what is written have prices of their own. */
export type ChatPrice = { readonly prompt: number; readonly completion: number }
export type ChatPrices = Readonly<Record<string, ChatPrice>>

/** What this machine embeds itself costs nothing, unless somebody says otherwise. */
export const priceOf = (prices: Prices, model: string): number | null =>
  Object.hasOwn(prices, model) ? (prices[model] ?? null) : providerOf(model) === 'local' ? 0 : null
export const chatPriceOf = (prices: ChatPrices, model: string): ChatPrice | null =>
  Object.hasOwn(prices, model) ? (prices[model] ?? null) : null

/** What was paid in the life of an expert, at the prices of then. Amounts are in US dollars; null where the price of some of it is not known. */
export type ExpertCost = {
  readonly tokensEmbedded: number
  readonly tokensReused: number
  readonly embeddingAmount: number | null
  readonly chats: ChatUsage & { readonly amount: number | null }
  /** All in all. */
  readonly amount: number | null
}

/** `name`: of the work; the same work has the same name. */
export type TokenHold = { readonly name: string; readonly userId: string; readonly tokens: number }
export type ChatPaidBy = PaidBy & { readonly userId: string }
export type PaidBy = { readonly expertId: string; readonly model: string }

/** The tokens that a user may have embedded on one day (UTC). */
export interface TokenBudget {
  /** Before they are paid for, so that many who work at the same time don't use up more. @throws Failure TOKEN_QUOTA_EXHAUSTED */
  hold(hold: TokenHold): Promise<void>
  /** They were paid for: they are counted, for the user's day and for the expert. */
  settle(hold: TokenHold, paidBy: PaidBy): Promise<void>
  /** They were not. */
  release(hold: TokenHold): Promise<void>
  /**
   * In how many milliseconds to ask again: when the next day begins, or, where tokens are left that others hold, or held, in a minute at
   * the most.
   */
  waitFor(userId: string): Promise<number>
}

export type DayUsage = {
  /** As in 2026-11-26. */
  readonly day: string
  readonly model: string
  readonly purpose: 'files' | 'searches' | 'chats'
  readonly tokens: number
  /** Of these, what the model of a chat has written. */
  readonly completionTokens: number
  readonly amount: number | null
}

export type Usage = Space & {
  /** What these will take, which the quota sets aside for them. */
  readonly openUploads: Space
  readonly quota: Quota
  readonly tokensToday: number
  readonly renewsAt: Date
  /** The latest first. */
  readonly days: readonly DayUsage[]
}

/** `bytes`: what may still come; infinite where there is no quota. `used`: with what is set aside for direct uploads, where there is one. */
export type Room = { readonly bytes: number; readonly quota: Quota; readonly used: Space }

/** What users have and have used up. */
export interface UsageStore {
  /** With what was used on so many days, today included. */
  of(userId: string, days: number): Promise<Usage>
  /** Whether so much more fits now, beside direct uploads that are open; others may upload at the same time. @throws QuotaExceeded */
  room(userId: string, asked: Space): Promise<Room>
  /** @throws TokensUsedUp */
  checkTokens(userId: string): Promise<void>
  /** What a query has cost. */
  countSearch(userId: string, model: string, tokens: number): Promise<void>
  /** What an answer of a chat has cost, to its user and its expert. */
  countChat(paidBy: ChatPaidBy, tokens: ChatUsage): Promise<void>
  override(userId: string, override: QuotaOverride): Promise<void>
}

/** The user's tokens of the day are used up. */
export class TokensUsedUp extends Error {
  override readonly name = 'TokensUsedUp'
  readonly limit: number
  readonly used: number
  readonly renewsAt: Date

  constructor(limit: number, used: number, renewsAt: Date) {
    super(`${used} of ${limit} tokens of the day are used up.`)
    this.limit = limit
    this.used = used
    this.renewsAt = renewsAt
  }
}
