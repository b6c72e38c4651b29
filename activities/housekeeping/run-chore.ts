import { log } from '@temporalio/activity'
import type { Chore, ChoreOutcome } from '../../domain/housekeeping.ts'
import { EXAMPLES } from '../../domain/housekeeping.ts'
import { inBatches } from '../../domain/in-batches.ts'
import type { CallOptions } from '../../domain/ports.ts'
import { earlierAttempt } from '../earlier-attempt.ts'
import { heartbeating } from '../heartbeating.ts'

/** In a dry run a chore counts and names what it finds, and changes nothing. */
export type ChoreInput = { readonly dryRun: boolean }

export type ChoreWork<T> = {
  readonly chore: Chore
  /** Leftovers, a page at a time: memory holds no more than that. */
  readonly leftovers: (options: CallOptions) => AsyncIterable<readonly T[]>
  readonly nameOf: (leftover: T) => string
  /**
   * Asks again whether these are still left over, since time has passed, then starts, aborts or removes them.
   * @returns how many that were
   */
  readonly settle: (leftovers: readonly T[], options: CallOptions) => Promise<number>
}

/** What is asked about again, and settled, at once. */
const BATCH = 20
/** One run ends after so many; what is left is there for the next one. */
const MOST_PER_RUN = 100_000

type Settled = Pick<ChoreOutcome, 'done' | 'examples'>

/**
 * Does one chore. What is settled is not found again, so an attempt that dies is followed by one that starts from the
 * beginning and adds to its numbers, which travel in the heartbeat.
 */
export async function runChore<T>({ dryRun }: ChoreInput, work: ChoreWork<T>): Promise<ChoreOutcome> {
  const outcome = await heartbeating((options, beat) =>
    dryRun ? countAll(work, options) : settleAll(work, options, beat),
  )
  const { found, done, more } = outcome
  if (found > 0) log.info(`🧹 Housekeeping: ${work.chore}`, { found, done, more, dryRun })
  return outcome
}

async function countAll<T>({ leftovers, nameOf }: ChoreWork<T>, options: CallOptions): Promise<ChoreOutcome> {
  const examples: string[] = []
  let found = 0
  for await (const page of leftovers(options)) {
    found += page.length
    examples.push(...page.slice(0, EXAMPLES - examples.length).map(nameOf))
  }
  return { found, done: 0, more: false, examples }
}

async function settleAll<T>(
  { leftovers, nameOf, settle }: ChoreWork<T>,
  options: CallOptions,
  beat: (settled: Settled) => void,
): Promise<ChoreOutcome> {
  const earlier = earlierAttempt<Settled>()
  const examples = [...(earlier.examples ?? [])]
  let { done = 0 } = earlier
  let found = done
  for await (const page of leftovers(options))
    for (const batch of inBatches(page, BATCH)) {
      options.signal?.throwIfAborted()
      found += batch.length
      examples.push(...batch.slice(0, EXAMPLES - examples.length).map(nameOf))
      done += await settle(batch, options)
      beat({ done, examples })
      if (done >= MOST_PER_RUN) return { found, done, more: true, examples }
    }
  return { found, done, more: false, examples }
}
