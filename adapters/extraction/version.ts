import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ExtractionConfig, OcrConfig } from '../../config.ts'
import { findLanguage } from './ocr/language-data.ts'

/** Raised whenever our own code would give another text for the same bytes. */
const REVISION = 3

/** What the text of a file depends on, as pinned in package.json: a test compares the two. */
export const LIBRARIES = {
  '@embedpdf/pdfium': '2.15.1',
  'pdf-parse': '2.4.5',
  officeparser: '8.1.1',
  fflate: '0.8.3',
  domhandler: '6.0.1',
  htmlparser2: '12.0.0',
  papaparse: '5.7.1',
  'postal-mime': '4.0.0',
  'file-type': '22.3.0',
  chardet: '2.2.0',
  eld: '2.1.0',
  'tesseract.js-core': '7.0.0',
} as const

/** Names what the text of a file depends on, but for limits, for the key under which it is kept. */
export function extractionVersion({ ocr }: Pick<ExtractionConfig, 'ocr'>): string {
  const made = digest(JSON.stringify([REVISION, LIBRARIES]))
  return [`${REVISION}-${made}`, ...(ocr ? ['ocr', ...ocr.languages, languageData(ocr)] : [])].join('-')
}

/** The data may be anyone's. @throws Error where that of a language is missing */
const languageData = ({ languages, dataDir }: OcrConfig): string =>
  digest(...languages.map((language) => readFileSync(findLanguage(language, dataDir))))

function digest(...contents: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const content of contents) hash.update(content)
  return hash.digest('hex').slice(0, 12)
}
