import { readFile, stat } from 'node:fs/promises'
import { cleanText } from './clean-text.ts'
import { countWords } from './count-words.ts'
import { detectType } from './detect-type.ts'
import type { Extraction, ExtractionTask, Reading } from './extraction.ts'

const megabytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MB`

/** Reads the text of a file of any type that we know. */
export async function extractFile({ path, maxBytes }: ExtractionTask): Promise<Extraction> {
  const { size } = await stat(path)
  if (size === 0) return { code: 'CORRUPT', detail: 'it has 0 bytes' }
  if (size > maxBytes)
    return { code: 'TOO_LARGE', detail: `it has ${megabytes(size)}, at most ${megabytes(maxBytes)} can be read` }
  const extraction = await extractBytes(await readFile(path))
  return 'code' in extraction ? extraction : { ...extraction, wordCount: countWords(extraction.pages) }
}

async function extractBytes(bytes: Buffer): Promise<Reading> {
  const detected = await detectType(bytes)
  switch (detected.type) {
    case 'pdf': {
      // Loaded for the first PDF only: pdf.js takes a tenth of a second and 20 MB in each thread.
      const { extractPdf } = await import('./extract-pdf.ts')
      return extractPdf(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    }
    case 'docx': {
      const { extractDocx } = await import('./extract-docx.ts')
      return extractDocx(bytes)
    }
    case 'text':
      return extractPlainText(detected.text)
    case 'other':
      return { code: 'UNSUPPORTED_TYPE', detail: detected.description }
  }
}

function extractPlainText(decoded: string): Reading {
  const text = cleanText(decoded)
  return text.trim() === '' ? { code: 'NO_TEXT' } : { pages: [{ number: 1, text }], documentType: 'text' }
}
