import type { Reader } from './reader.ts'

/** How long an expert with failed files waits for a retry. */
export const retryWindow = (from: Reader) => from.duration('RETRY_WINDOW', '7d')

/** How long the vectors of before a re-index are kept for a roll-back. */
export const rollbackWindow = (from: Reader) => from.duration('ROLLBACK_WINDOW', '1h')

/** How long one file may take, all in all. */
export const fileDeadline = (from: Reader) => from.duration('FILE_DEADLINE', '24h')
