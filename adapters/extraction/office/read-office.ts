import type { DocumentType } from '../../../domain/document-type.ts'
import type { ExtractionLimits, Reading } from '../extraction.ts'
import { maxBytes } from '../limits.ts'
import { Unreadable } from '../unreadable.ts'
import { readByOfficeParser } from './read-by-officeparser.ts'
import { readWorkbook } from './read-workbook.ts'
import { salvageArchive } from './salvage-archive.ts'

export type OfficeType = Extract<
  DocumentType,
  'docx' | 'pptx' | 'xlsx' | 'odt' | 'ods' | 'odp' | 'epub' | 'rtf' | 'html'
>

/**
 * The text of an office document, an e-book or a web page, as Markdown. An archive that breaks off is read as far as it goes.
 * @throws Unreadable ENCRYPTED, CORRUPT, TOO_LARGE
 */
export async function readOffice(bytes: Uint8Array, type: OfficeType, limits: ExtractionLimits): Promise<Reading> {
  try {
    return await read(bytes, type, limits)
  } catch (error) {
    const salvaged = error instanceof Unreadable && error.code === 'CORRUPT' && salvageArchive(bytes, maxBytes(limits))
    if (!salvaged) throw error
    const reading = await read(salvaged, type, limits).catch(() => Promise.reject(error))
    // How many pages are lost nobody knows.
    return { ...reading, pagesSkipped: (reading.pagesSkipped ?? 0) + 1 }
  }
}

const read = async (bytes: Uint8Array, type: OfficeType, limits: ExtractionLimits): Promise<Reading> =>
  type === 'xlsx' ? readWorkbook(bytes, limits) : readByOfficeParser(bytes, type, limits)
