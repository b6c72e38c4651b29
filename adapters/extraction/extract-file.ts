import { readFile, stat } from 'node:fs/promises'
import type { Page } from '../../domain/chunk.ts'
import { blameFile, NotTheFile } from './blame-file.ts'
import { cleanText } from './clean-text.ts'
import { refuseCompoundFile } from './compound-file.ts'
import { countWords } from './count-words.ts'
import { detectLanguage } from './detect-language.ts'
import { detectType } from './detect-type.ts'
import type { Extraction, ExtractionTask, Reading } from './extraction.ts'
import { checkLength, checkSize } from './limits.ts'
import type { OpenOcr } from './ocr/open-ocr.ts'
import { Unreadable } from './unreadable.ts'

/** Reads the text of a file of any type that we know; why it gives none is data too. */
export async function extractFile(
  { path, limits }: Pick<ExtractionTask, 'path' | 'limits'>,
  openOcr?: OpenOcr,
): Promise<Extraction> {
  try {
    return describe(await read(path, limits, openOcr && apart(openOcr)).catch(blameFile), limits)
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    const { code, detail, cause } = error
    // As text, since an error may hold what cannot leave the process.
    return { code, detail, cause: cause instanceof Error ? cause.stack : cause }
  }
}

async function read(path: string, limits: ExtractionTask['limits'], openOcr: OpenOcr | undefined): Promise<Reading> {
  const { size } = await stat(path)
  if (size === 0) throw new Unreadable('CORRUPT', 'it has 0 bytes')
  const detected = await detectType(path)
  // Readers are loaded for the first file of their kind: some take a tenth of a second and 30 MB in each process.
  if (detected.type === 'pdf') {
    const { readPdf } = await import('./pdf/read-pdf.ts')
    return readPdf(path, { limits, openOcr })
  }
  if (detected.type === 'binary') throw new Unreadable('UNSUPPORTED_TYPE', detected.description)
  checkSize(size, limits)
  if (detected.type === 'image') {
    const { readImage } = await import('./ocr/read-image.ts')
    return readImage(path, detected.description, openOcr)
  }
  const bytes = await readFile(path)
  if (detected.type === 'compound') throw refuseCompoundFile(bytes)
  if (detected.type !== 'unknown') {
    const { readOffice } = await import('./office/read-office.ts')
    return readOffice(bytes, detected.type, limits)
  }
  const { readText } = await import('./text/read-text.ts')
  const reading = await readText(bytes, limits)
  if (!reading) throw new Unreadable('UNSUPPORTED_TYPE', detected.description)
  return reading
}

/** @throws Unreadable NO_TEXT */
function describe(reading: Reading, limits: ExtractionTask['limits']): Extraction {
  const pages = reading.pages.map(({ number, text }): Page => ({ number, text: cleanText(text) }))
  checkLength(
    pages.reduce((length, { text }) => length + text.length, 0),
    limits,
  )
  if (pages.every(({ text }) => text.trim() === '')) throw new Unreadable('NO_TEXT')
  return {
    pages,
    documentType: reading.documentType,
    title: asLine(reading.title),
    author: asLine(reading.author),
    language: detectLanguage(pages),
    wordCount: countWords(pages),
    pagesSkipped: reading.pagesSkipped ?? 0,
  }
}

const LONGEST_LINE = 255

/** A title or a name as a file has it, fit to be shown; null where it has none. */
function asLine(text: string | null | undefined): string | null {
  const line = cleanText(text ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return line === '' ? null : line.slice(0, LONGEST_LINE).toWellFormed()
}

const apart = (openOcr: OpenOcr): OpenOcr => {
  return () => openOcr().catch((cause: unknown) => Promise.reject(new NotTheFile('OCR cannot be started', { cause })))
}
