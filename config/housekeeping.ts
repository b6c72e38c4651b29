import type { Reader } from './reader.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export type HousekeepingConfig = {
  /** Undefined where no schedule is wanted. */
  readonly everyMs: number | undefined
  /** How old a leftover must be before it is touched. */
  readonly graceMs: number
}

export function housekeeping(from: Reader): HousekeepingConfig {
  const isOff = from.optional('HOUSEKEEPING_EVERY') === 'off'
  return {
    everyMs: isOff ? undefined : from.duration('HOUSEKEEPING_EVERY', '24h', MINUTE_MS),
    // An upload, or the run of a file, must be over by then.
    graceMs: from.duration('HOUSEKEEPING_GRACE', '24h', HOUR_MS),
  }
}
