import { once } from 'node:events'
import { Cached } from './cached.ts'

/** A part that nobody has needed yet, so that nobody knows: nothing is wrong with it, and no number says that it answers. */
type Unasked = { readonly unasked: string }

/** Resolves with a short description where the part works; throws with the reason where it doesn't. */
export type HealthCheck = {
  readonly name: string
  readonly check: (signal: AbortSignal) => Promise<string | Unasked>
  /** Whether requests can be answered without it. */
  readonly optional?: boolean
}

type CheckOutcome = {
  readonly name: string
  readonly status: 'ok' | 'failed'
  readonly detail: string
  readonly milliseconds: number
  readonly isUnasked: boolean
}
export type ReadinessReport = {
  readonly status: 'ready' | 'degraded' | 'not_ready'
  readonly checks: readonly CheckOutcome[]
}

export const TIME_LIMIT_MS = 4_000
/** Anybody may ask, as often as they like; the parts are asked once a second. */
const FRESH_MS = 1_000

/** Whether all that the API needs answers, and how long each takes. */
export class Readiness {
  readonly #checks: readonly HealthCheck[]
  readonly #report: Cached<ReadinessReport>

  constructor(checks: readonly HealthCheck[]) {
    this.#checks = checks
    this.#report = new Cached(
      () => this.#look(),
      () => FRESH_MS,
    )
  }

  report(): Promise<ReadinessReport> {
    return this.#report.get()
  }

  async #look(): Promise<ReadinessReport> {
    const checks = await Promise.all(this.#checks.map(run))
    const failed = this.#checks.filter((_, i) => checks[i]?.status === 'failed')
    const notReady = failed.some(({ optional }) => !optional)
    return { status: notReady ? 'not_ready' : failed.length > 0 ? 'degraded' : 'ready', checks }
  }
}

async function run({ name, check }: HealthCheck): Promise<CheckOutcome> {
  const start = performance.now()
  const outcome = await outcomeOf(check)
  return { name, ...outcome, milliseconds: Math.round(performance.now() - start) }
}

async function outcomeOf(check: HealthCheck['check']): Promise<Omit<CheckOutcome, 'name' | 'milliseconds'>> {
  const signal = AbortSignal.timeout(TIME_LIMIT_MS)
  try {
    const said = await Promise.race([check(signal), silence(signal)])
    const isUnasked = typeof said !== 'string'
    return { status: 'ok', detail: isUnasked ? said.unasked : said, isUnasked }
  } catch (error) {
    return { status: 'failed', detail: error instanceof Error ? error.message : String(error), isUnasked: false }
  }
}

/** A check may be deaf to its signal: whatever it waits for, the answer does not wait with it. */
export async function silence(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort')
  throw new Error(`no answer within ${TIME_LIMIT_MS / 1_000} s`)
}
