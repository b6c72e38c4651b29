import { InvalidArgumentError } from 'commander'
import ms from 'ms'

const SHORTEST_MS = 60_000
/** The last year of four digits, as timestamps have them. */
const LAST_YEAR = 9_999
/** Without a unit `ms` takes milliseconds. */
const WITH_UNIT = /^\d+(\.\d+)?\s*[a-z]+$/i

/** The moment after such a time from now, of which it says the unit. @throws InvalidArgumentError */
export function expiry(duration: string): Date {
  const milliseconds = WITH_UNIT.test(duration) ? ms(duration as ms.StringValue) : undefined
  if (milliseconds === undefined || Number.isNaN(milliseconds))
    throw new InvalidArgumentError('It is not a duration with its unit, such as 90d, 12h or 30m.')
  if (milliseconds < SHORTEST_MS) throw new InvalidArgumentError('It is shorter than a minute (1m).')
  const end = new Date(Date.now() + milliseconds)
  // Of a date that does not exist the year is not a number.
  if (end.getUTCFullYear() <= LAST_YEAR) return end
  throw new InvalidArgumentError('It ends after the year 9999; leave it out for a key that does not end.')
}
