import { setTimeout as delay } from 'node:timers/promises'

const TRIES = 5

/** Does what must not be lost for a moment's trouble: five times, over ten seconds, also where the attempt is cancelled. */
export async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === TRIES) throw error
      await delay(1_000 * tries)
    }
  }
}
