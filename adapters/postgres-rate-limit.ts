import type pg from 'pg'
import type { EmbeddingCost, RateLimit } from '../domain/ports.ts'

export type RateLimitOptions = {
  /** Limits of the same name are shared by all processes. */
  readonly name: string
  /** Undefined: without limit. */
  readonly requestsPerMinute: number | undefined
  readonly tokensPerMinute: number | undefined
}

/** What may be saved up while nothing is asked for: a tenth of a minute's worth, so that no minute exceeds its limit by more. */
const BURST_SECONDS = 6

/**
 * Token buckets in Postgres, one for requests and one for tokens, in the form of the generic cell rate algorithm
 * (ITU-T I.371): a bucket is the time until which its grants are paid for. Whoever asks is told how long to wait, in the
 * order of asking.
 */
export class PostgresRateLimit implements RateLimit {
  readonly #pool: pg.Pool
  readonly #options: RateLimitOptions

  constructor(pool: pg.Pool, options: RateLimitOptions) {
    this.#pool = pool
    this.#options = options
  }

  async reserve({ requests, tokens }: EmbeddingCost): Promise<number> {
    const { name, requestsPerMinute, tokensPerMinute } = this.#options
    const prices = [
      { bucket: `${name}:requests`, seconds: secondsOf(requests, requestsPerMinute) },
      { bucket: `${name}:tokens`, seconds: secondsOf(tokens, tokensPerMinute) },
    ].filter(({ seconds }) => seconds > 0)
    if (prices.length === 0) return 0
    const { rows } = await this.#pool.query<{ wait_ms: number }>(
      `insert into rate_limits as bucket (name, paid_until)
       select name, now() + (seconds - $3) * interval '1 second'
       from unnest($1::text[], $2::float8[]) as price (name, seconds) order by name
       on conflict (name) do update set paid_until =
         greatest(bucket.paid_until, now() - $3 * interval '1 second') + (excluded.paid_until - now()) + $3 * interval '1 second'
       returning extract(epoch from paid_until - now())::float8 * 1000 as wait_ms`,
      [prices.map(({ bucket }) => bucket), prices.map(({ seconds }) => seconds), BURST_SECONDS],
    )
    return Math.max(0, ...rows.map((row) => row.wait_ms))
  }
}

const secondsOf = (amount: number, perMinute: number | undefined) => (perMinute ? (amount / perMinute) * 60 : 0)
