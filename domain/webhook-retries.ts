/** 1, 3, 9 … 2187 seconds after the tries that failed, then every hour: a receiver may be away for a night. In milliseconds. */
export const WEBHOOK_RETRIES = { firstMs: 1_000, factor: 3, longestMs: 3_600_000, togetherMs: 86_400_000 } as const

/** After the given try, the first being 1. A receiver may ask for a longer pause, but for none that ends the delivery. */
export function pauseAfter(tries: number, retryAfterMs = 0): number {
  const { firstMs, factor, longestMs } = WEBHOOK_RETRIES
  return Math.min(Math.max(firstMs * factor ** (tries - 1), retryAfterMs), longestMs)
}
