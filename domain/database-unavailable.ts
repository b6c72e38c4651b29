/** The database does not answer, or does not take connections. Whether it has done what it was last asked for is not known. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable'

  constructor(cause: Error) {
    super(`The database does not answer: ${[cause.message, codeOf(cause)].filter(Boolean).join(' ')}`, { cause })
  }
}

/** Where several addresses were tried, the code is all that is said. */
const codeOf = (cause: Error) => ('code' in cause ? `(${cause.code})` : '')
