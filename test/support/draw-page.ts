import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import PDFDocument from 'pdfkit'
import { openPdf } from '../../adapters/extraction/pdf/pdfium-document.ts'

export type GreyPage = { readonly width: number; readonly height: number; readonly grey: Uint8Array }

/** The text on a small page, as a scanner would deliver it: one byte per pixel. */
export async function drawPage(text: string): Promise<GreyPage> {
  const document = new PDFDocument({ size: [420, 120], margin: 20 })
  document.fontSize(12).text(text).end()
  const dir = await mkdtemp(join(tmpdir(), 'draw-page-'))
  try {
    const path = join(dir, 'page.pdf')
    await writeFile(path, await buffer(document))
    return await render(path)
  } finally {
    await rm(dir, { recursive: true })
  }
}

async function render(path: string): Promise<GreyPage> {
  const image = await openPdf(path, (document) => document.renderPage(0))
  if (!image) throw new Error('the page was not drawn')
  return { width: image.width, height: image.height, grey: image.pixels }
}
