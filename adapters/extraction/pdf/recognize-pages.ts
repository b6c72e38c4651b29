import { toPgm } from '../ocr/grey-image.ts'
import type { Ocr, OpenOcr } from '../ocr/open-ocr.ts'
import { Unreadable } from '../unreadable.ts'
import type { PdfiumDocument } from './pdfium-document.ts'

/** A page's text; undefined where the page is damaged. */
export type PageText = string | undefined

/** The same texts, with what is recognised on the pages that have none; one that cannot be recognised counts as damaged. */
export async function recognizePages(document: PdfiumDocument, texts: readonly PageText[], openOcr: OpenOcr) {
  const recognized: PageText[] = []
  for (const [index, text] of texts.entries())
    recognized.push(text?.trim() === '' ? await recognizePage(document, index, await openOcr()) : text)
  return recognized
}

async function recognizePage(document: PdfiumDocument, index: number, ocr: Ocr): Promise<PageText> {
  const image = document.renderPage(index)
  if (!image) return undefined
  return ocr.recognize(toPgm(image.width, image.height, image.pixels)).catch((error: unknown) => {
    if (error instanceof Unreadable) return undefined
    throw error
  })
}
