import type { Pdfium } from './pdfium.ts'
import { utf16At, withMemory } from './pdfium.ts'

/** What is drawn on a page, in PDFium's order. */
export const readDrawn = (lib: Pdfium, textPage: number, characters: number): string =>
  // A character outside of the basic plane takes two units.
  withMemory(lib, (2 * characters + 1) * 2, (buffer) => {
    const written = lib.FPDFText_GetText(textPage, 0, 2 * characters, buffer)
    return utf16At(lib, buffer, Math.max(0, written - 1))
  })

const LOOKED_AT = 25
const QUARTER = Math.PI / 2

/** By how many quarters of a turn most of the letters are turned, from 0 to 3: looks at some of them. */
export function quartersTurned(lib: Pdfium, textPage: number, characters: number): number {
  const turned = [0, 0, 0, 0]
  for (let index = 0; index < characters; index += Math.ceil(characters / LOOKED_AT)) {
    const quarters = Math.round(lib.FPDFText_GetCharAngle(textPage, index) / QUARTER) & 3
    turned[quarters] = (turned[quarters] ?? 0) + 1
  }
  return turned.indexOf(Math.max(...turned))
}
