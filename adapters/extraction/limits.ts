import type { ExtractionLimits } from './extraction.ts'
import { Unreadable } from './unreadable.ts'

const MEGABYTE = 1_048_576
const megabytes = (bytes: number) => `${(bytes / MEGABYTE).toFixed(1)} MB`

/** Of the memory that a process may use: the other half is for what is made of the bytes. */
export const maxBytes = ({ memoryMb }: Pick<ExtractionLimits, 'memoryMb'>) => (memoryMb * MEGABYTE) / 2

/** @throws Unreadable TOO_LARGE where so many bytes are not to be held in memory */
export function checkSize(bytes: number, limits: ExtractionLimits): void {
  if (bytes > maxBytes(limits))
    throw new Unreadable(
      'TOO_LARGE',
      `it has ${megabytes(bytes)}, at most ${megabytes(maxBytes(limits))} can be read with EXTRACTION_MEMORY_MB=${limits.memoryMb}`,
    )
}

/** A sheet of more cells is a database, and each takes some hundred bytes while it is read; so does an element. */
export const MAX_CELLS = 2_000_000
export const MAX_ELEMENTS = 2_000_000
export const MAX_PARTS = 10_000

/** No program that makes tables has more columns. */
export const MAX_COLUMNS = 16_384

/** As the message has it. */
export const moreThan = (limit: number, what: string) => `it has more than ${limit.toLocaleString('en')} ${what}`

/** What is said of an archive that would need more memory than it may. */
export const unpacksToMore = (limits: ExtractionLimits) =>
  `it unpacks to more than the ${megabytes(maxBytes(limits))} that EXTRACTION_MEMORY_MB=${limits.memoryMb} allows`

/** @throws Unreadable TOO_LARGE */
export function checkPages(pages: number, { maxPages }: ExtractionLimits): void {
  if (pages > maxPages)
    throw new Unreadable('TOO_LARGE', `it has ${pages} pages, EXTRACTION_MAX_PAGES=${maxPages} allows no more`)
}

/** @throws Unreadable TOO_LARGE */
export function checkLength(characters: number, { maxCharacters }: ExtractionLimits): void {
  if (characters > maxCharacters)
    throw new Unreadable(
      'TOO_LARGE',
      `its text is longer than the ${maxCharacters} characters that EXTRACTION_MAX_CHARACTERS allows`,
    )
}
