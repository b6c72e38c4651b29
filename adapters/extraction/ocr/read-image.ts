import { readFile } from 'node:fs/promises'
import type { Reading } from '../extraction.ts'
import { Unreadable } from '../unreadable.ts'
import type { OpenOcr } from './open-ocr.ts'
import { tiffPages } from './tiff-pages.ts'

/** What is written in a picture, of TIFF on its first page. @throws Unreadable UNSUPPORTED_TYPE where OCR is off, NO_TEXT, and those of `Ocr` */
export async function readImage(path: string, description: string, openOcr: OpenOcr | undefined): Promise<Reading> {
  if (!openOcr)
    throw new Unreadable(
      'UNSUPPORTED_TYPE',
      `${description}; to have pictures recognised, set OCR=on for the workers, then retry it`,
    )
  const ocr = await openOcr()
  const image = await readFile(path)
  const text = await ocr.recognize(image)
  if (text.trim() === '') throw new Unreadable('NO_TEXT', 'nothing can be recognised in the picture')
  return { pages: [{ number: 1, text }], documentType: 'image', pagesSkipped: tiffPages(image) - 1 }
}
