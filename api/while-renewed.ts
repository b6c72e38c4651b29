/** A request that is alive says so long before its hold ends; after one that died a repeat waits for no more than this. */
export const HOLD_MS = 20_000
const RENEW_MS = 5_000

/** Works, and renews a hold meanwhile. No renewal is under way afterwards, which would bring back a hold that is let go. */
export async function whileRenewed<T>(renew: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  let renewal: Promise<unknown> = Promise.resolve()
  const renewing = setInterval(() => {
    renewal = renew().catch(() => undefined)
  }, RENEW_MS)
  try {
    return await work()
  } finally {
    clearInterval(renewing)
    await renewal
  }
}
