import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PDFParse, VerbosityLevel } from 'pdf-parse'
import type { Page } from '../../domain/chunk.ts'
import { cleanText } from './clean-text.ts'
import type { Reading } from './extraction.ts'

// pdf.js is found from pdf-parse, whose dependency it is: npm may keep it inside of that package.
const requireFromPdfParse = createRequire(createRequire(import.meta.url).resolve('pdf-parse'))
const pdfjs = dirname(requireFromPdfParse.resolve('pdfjs-dist/package.json'))

const READER = {
  verbosity: VerbosityLevel.ERRORS,
  isEvalSupported: false,
  // Without them Chinese, Japanese and Korean text in fonts that are not embedded cannot be read.
  cMapUrl: `${join(pdfjs, 'cmaps')}/`,
  cMapPacked: true,
  standardFontDataUrl: `${join(pdfjs, 'standard_fonts')}/`,
}

/** The text of a PDF, page by page; a page without text has an empty one. Takes the bytes away from the caller. */
export async function extractPdf(bytes: Uint8Array): Promise<Reading> {
  const parser = new PDFParse({ ...READER, data: bytes })
  try {
    return await readPages(parser)
  } catch (cause) {
    return { code: (cause as Error).name === 'PasswordException' ? 'ENCRYPTED' : 'CORRUPT', cause }
  } finally {
    await parser.destroy()
  }
}

async function readPages(parser: PDFParse): Promise<Reading> {
  // Asks for a page that does not exist, to learn how many do.
  const { total } = await parser.getText({ partial: [0] })
  const pages: Page[] = []
  let unreadable: unknown
  for (let number = 1; number <= total; number++) {
    // A damaged page does not cost the others.
    const text = await readPage(parser, number).catch((error: unknown) => {
      unreadable ??= error
      return ''
    })
    pages.push({ number, text })
  }
  if (pages.some(({ text }) => text !== '')) return { pages, documentType: 'pdf' }
  return unreadable ? { code: 'CORRUPT', cause: unreadable } : { code: 'NO_TEXT' }
}

/** On the average, in characters; a page of shorter ones is not written from left to right, or is a table. */
const SHORT_LINE = 25

async function readPage(parser: PDFParse, number: number): Promise<string> {
  const lines = await readLines(parser, number, true)
  const characters = lines.reduce((sum, line) => sum + line.length, 0)
  if (characters >= SHORT_LINE * lines.length) return lines.join('\n')
  // Breaking lines by their height cuts rotated text into its words. pdf.js's own line breaks are right there.
  const ownLines = await readLines(parser, number, false)
  return (ownLines.length < 0.75 * lines.length ? ownLines : lines).join('\n')
}

async function readLines(parser: PDFParse, number: number, lineEnforce: boolean): Promise<string[]> {
  // No marker lines between pages, and no tabs at gaps: they would fall into words of right-to-left text.
  const result = await parser.getText({ first: number, last: number, lineEnforce, pageJoiner: '', cellSeparator: '' })
  const lines = cleanText(result.pages[0]?.text ?? '').split('\n')
  return lines.map((line) => line.trimEnd()).filter((line) => line !== '')
}
