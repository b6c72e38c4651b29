import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 50
const LIMIT_MS = 60_000

/** Waits until `condition` holds. @throws if the server ends first, or after a minute */
export async function waitFor(condition: () => Promise<boolean>, exited: Promise<string>, what: string): Promise<void> {
  const abort = new AbortController()
  const died = exited.then((how) => {
    throw new Error(`${what} ${how}`)
  })
  const poll = async () => {
    for (const start = Date.now(); !(await condition()); await delay(POLL_MS, undefined, { signal: abort.signal })) {
      if (Date.now() - start > LIMIT_MS) throw new Error(`${what} did not answer within ${LIMIT_MS / 1_000} s`)
    }
  }
  try {
    await Promise.race([poll(), died])
  } finally {
    abort.abort()
    died.catch(() => undefined)
  }
}
