import { createHash } from 'node:crypto'
import type { ExtractionConfig } from '../../config.ts'

/** Raised whenever our own code would give another text for the same bytes. */
const REVISION = 2

/** What the text of a file depends on, as pinned in package.json: a test compares the two. */
export const LIBRARIES = {
  '@embedpdf/pdfium': '2.15.1',
  'pdf-parse': '2.4.5',
  officeparser: '8.1.1',
  fflate: '0.8.3',
  htmlparser2: '12.0.0',
  papaparse: '5.7.1',
  'postal-mime': '4.0.0',
  'file-type': '22.3.0',
  chardet: '2.2.0',
  eld: '2.1.0',
  'tesseract.js-core': '7.0.0',
  '@tesseract.js-data/eng': '1.0.0',
} as const

/** Names everything that the text of a file depends on, for the key under which it is kept. */
export function extractionVersion({ ocr }: Pick<ExtractionConfig, 'ocr'>): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([REVISION, LIBRARIES]))
    .digest('hex')
  return [`${REVISION}-${digest.slice(0, 12)}`, ...(ocr ? ['ocr', ...ocr.languages] : [])].join('-')
}
