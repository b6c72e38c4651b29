import { DatabaseUnavailable } from '../domain/database-unavailable.ts'

/** Of the network; of connections (class 08); of a server that starts or stops (57P); of one that takes no more of them. */
const CODES =
  /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|08\w{3}|57P0\d|53300)$/
/** What the client says by itself, without a code. */
const MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client (has encountered a connection error|was closed) and is not queryable)/

/** Tells a database that does not answer from a query that is wrong. */
export function toOutage(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const known = 'code' in error ? CODES.test(String(error.code)) : MESSAGES.test(error.message)
  return known ? new DatabaseUnavailable(error) : error
}
