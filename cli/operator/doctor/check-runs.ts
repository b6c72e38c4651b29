import { once } from 'node:events'
import type { Check, Finding, Result } from './check.ts'
import { messageOf } from './check.ts'

/** In milliseconds, of one check. */
const TIME_LIMIT_MS = 10_000

/** Runs each check once, whoever asks for it: those that need no other one at the same time. */
export class CheckRuns {
  readonly #results = new Map<Check, Promise<Result>>()

  result(check: Check): Promise<Result> {
    const known = this.#results.get(check)
    if (known) return known
    const result = this.#run(check)
    this.#results.set(check, result)
    return result
  }

  async #run(check: Check): Promise<Result> {
    const { name, needs = [], after = [] } = check
    const needed = await Promise.all(needs.map((each) => this.result(each)))
    await Promise.all(after.map((each) => this.result(each)))
    const broken = needed.find(({ status }) => status === 'failed' || status === 'skipped')
    if (broken) return { name, status: 'skipped', detail: `needs: ${broken.name}`, milliseconds: 0 }
    const start = performance.now()
    const finding = await find(check)
    return { name, ...finding, milliseconds: Math.round(performance.now() - start) }
  }
}

async function find({ find, explain = unexplained }: Check): Promise<Finding> {
  const signal = AbortSignal.timeout(TIME_LIMIT_MS)
  try {
    return await Promise.race([find(signal), silence(signal)])
  } catch (error) {
    return { status: 'failed', ...explain(error) }
  }
}

const unexplained = (error: unknown) => ({ detail: messageOf(error) })

/** A check may be deaf to its signal. */
async function silence(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort')
  throw new Error(`no answer within ${TIME_LIMIT_MS / 1_000} s`)
}
