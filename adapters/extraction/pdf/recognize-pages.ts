import { toPgm } from '../grey-image.ts'
import type { Ocr } from '../ocr.ts'
import type { OpenOcr } from '../open-ocr.ts'
import type { PdfiumDocument } from './pdfium-document.ts'

/** What is recognised best by the size that print usually has. */
const DPI = 300

type PageText = string | undefined

/** The same texts, with what is recognised on the pages that have none. */
export async function recognizePages(document: PdfiumDocument, texts: readonly PageText[], openOcr: OpenOcr) {
  const recognized: PageText[] = []
  for (const [index, text] of texts.entries())
    recognized.push(text?.trim() === '' ? await recognizePage(document, index, await openOcr()) : text)
  return recognized
}

async function recognizePage(document: PdfiumDocument, index: number, ocr: Ocr): Promise<string> {
  const image = document.renderPage(index, DPI)
  return image ? ocr.recognize(toPgm(image)) : ''
}
