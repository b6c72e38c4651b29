import { randomInt } from 'node:crypto'
import { makePdf } from './pdf.ts'

/** A word of every passage: where it must not be, no text of the documents is. */
export const MARKER = 'bathymetric'

/** More than two parts of an embedding, which have 256 chunks each. */
const LONG = 540
export const SHORT = 3
export const LONG_FILE = 'soundings.txt'
export const LOCKED_FILE = 'locked.pdf'
/** What a run has: one of several parts, some of one, and one that cannot be read. */
export const FILES = 5
export const READABLE_FILES = FILES - 1

/** Nine digits, which are as many tokens whatever they are. */
export const newNonce = () => String(randomInt(100_000_000, 1_000_000_000))

/** Whether a request is about the second part of the long file, in which its entry 300 is. */
export const isOfSecondPart = ({ body }: { readonly body: unknown }) =>
  JSON.stringify(body ?? '').includes('soundings, entry 300 ')

/** A short text of one chunk for each entry; of other bytes for each nonce. */
export const shortLog = (nonce: string, subject: string) => passages(nonce, subject, SHORT).join('\n\n')

/** One that needs a password. */
export const lockedLog = (nonce: string) => makePdf(passages(nonce, 'locked', SHORT), { userPassword: 'password' })

/** No two runs have the same bytes, so that none finds what another one has embedded. `nonce` is in each passage. */
export async function harbourLog(nonce: string): Promise<[name: string, content: Buffer | string][]> {
  return [
    [LONG_FILE, passages(nonce, 'soundings', LONG).join('\n\n')],
    ['tides.txt', shortLog(nonce, 'tides')],
    ['buoys.md', shortLog(nonce, 'buoys')],
    ['charts.pdf', await makePdf(passages(nonce, 'charts', SHORT))],
    [LOCKED_FILE, await lockedLog(nonce)],
  ]
}

/** Each a chunk of its own: two of them are too long for one. */
const passages = (nonce: string, subject: string, count: number) =>
  Array.from(
    { length: count },
    (_, i) => `Log ${nonce} of ${subject}, entry ${i} of the ${MARKER} survey: what was read there was written down.`,
  )
