import type { Reader } from './reader.ts'

const HOUR_MS = 60 * 60_000

/** Shorter than what the bucket's rule leaves of unfinished uploads. */
export const uploadLifetime = (from: Reader) => from.duration('UPLOAD_LIFETIME', '24h', HOUR_MS)
