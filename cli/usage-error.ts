/** What was asked for cannot be meant: ends with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
