import { Unreadable } from '../unreadable.ts'
import { quartersTurned, readDrawn } from './drawn-text.ts'
import { FileAccess } from './file-access.ts'
import { mendMisreadUtf8 } from './garbled.ts'
import { annotationLines } from './page-annotations.ts'
import type { Pdfium } from './pdfium.ts'
import { readText, withMemory, withPdfium } from './pdfium.ts'

/** From PDFium's fpdfview.h. */
const PASSWORD_ERROR = 4
const BITMAP_GREY = 1
const RENDER_ANNOTATIONS = 0x01
const RENDER_GREYSCALE = 0x08
const WHITE = 0xffffffff
const POINTS_PER_INCH = 72
/** What letters are recognised best at. Scans lie about their size, so it is bounded: more pixels give no better text. */
const DPI = 300
const MOST_PIXELS_A_SIDE = 4_000

/** A picture of a page, a byte a pixel: 0 is black. */
export type GreyImage = { readonly width: number; readonly height: number; readonly pixels: Uint8Array }

/**
 * Opens a PDF for as long as `use` takes. `tail` is read as if it stood behind the file.
 * @throws Unreadable ENCRYPTED, or CORRUPT where PDFium finds no document in it
 */
export function openPdf<T>(
  path: string,
  use: (document: PdfiumDocument) => T | Promise<T>,
  tail?: Uint8Array,
): Promise<T> {
  return withPdfium(async (lib) => {
    // Also where PDFium breaks down over it: the process goes on.
    using access = new FileAccess(lib, path, tail)
    const document = lib.FPDF_LoadCustomDocument(access.pointer, '')
    if (document === 0) throw new Unreadable(lib.FPDF_GetLastError() === PASSWORD_ERROR ? 'ENCRYPTED' : 'CORRUPT')
    return await use(new PdfiumDocument(lib, document))
  })
}

/** A PDF opened by PDFium, which reads it from the disk as it needs it. Its memory is given back with that of PDFium. */
export class PdfiumDocument {
  readonly #lib: Pdfium
  readonly #document: number
  readonly #form: number

  constructor(lib: Pdfium, document: number) {
    this.#lib = lib
    this.#document = document
    // Values of form fields are known to PDFium's form environment only.
    this.#form = lib.PDFiumExt_InitFormFillEnvironment(document, lib.PDFiumExt_OpenFormFillInfo())
  }

  get pageCount(): number {
    return this.#lib.FPDF_GetPageCount(this.#document)
  }

  /** An entry of the document's information, such as `Title`. */
  information(key: string): string {
    return readText(this.#lib, (buffer, bytes) => this.#lib.FPDF_GetMetaText(this.#document, key, buffer, bytes))
  }

  /** The text of a page (from 0) as it is drawn, then the values of its form fields and its notes; undefined where it is damaged. */
  pageText(index: number): string | undefined {
    return this.#withPage(index, (page) =>
      [mendMisreadUtf8(this.#drawnText(page)), ...annotationLines(this.#lib, page, this.#form)].join('\n'),
    )
  }

  /** A page (from 0) as a picture to be recognised; undefined where it is damaged. */
  renderPage(index: number): GreyImage | undefined {
    return this.#withPage(index, (page) => {
      const sides = [this.#lib.FPDF_GetPageWidthF(page), this.#lib.FPDF_GetPageHeightF(page)]
      const scale = Math.min(DPI / POINTS_PER_INCH, MOST_PIXELS_A_SIDE / Math.max(...sides))
      const [width = 1, height = 1] = sides.map((points) => Math.max(1, Math.ceil(points * scale)))
      return { width, height, pixels: this.#pixels(page, width, height) }
    })
  }

  #withPage<T>(index: number, use: (page: number) => T): T | undefined {
    const page = this.#lib.FPDF_LoadPage(this.#document, index)
    if (page === 0) return undefined
    try {
      return use(page)
    } finally {
      this.#lib.FPDF_ClosePage(page)
    }
  }

  /** Read as its letters stand: where they are turned otherwise than the page, PDFium has lines in the opposite order, or torn. */
  #drawnText(page: number): string {
    const lib = this.#lib
    const rotation = lib.FPDFPage_GetRotation(page)
    const { quarters, text } = this.#withTextPage(page, (textPage, characters) => {
      const quarters = quartersTurned(lib, textPage, characters)
      return { quarters, text: quarters === rotation ? readDrawn(lib, textPage, characters) : undefined }
    }) ?? { quarters: 0, text: '' }
    if (text !== undefined) return text
    lib.FPDFPage_SetRotation(page, quarters)
    return this.#withTextPage(page, (textPage, characters) => readDrawn(lib, textPage, characters)) ?? ''
  }

  /** Undefined where the page has no text. */
  #withTextPage<T>(page: number, use: (textPage: number, characters: number) => T): T | undefined {
    const textPage = this.#lib.FPDFText_LoadPage(page)
    if (textPage === 0) return undefined
    try {
      const characters = this.#lib.FPDFText_CountChars(textPage)
      return characters > 0 ? use(textPage, characters) : undefined
    } finally {
      this.#lib.FPDFText_ClosePage(textPage)
    }
  }

  #pixels(page: number, width: number, height: number): Uint8Array {
    const lib = this.#lib
    return withMemory(lib, width * height, (buffer) => {
      const bitmap = lib.FPDFBitmap_CreateEx(width, height, BITMAP_GREY, buffer, width)
      lib.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, WHITE)
      lib.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, RENDER_ANNOTATIONS | RENDER_GREYSCALE)
      lib.FPDFBitmap_Destroy(bitmap)
      return lib.pdfium.HEAPU8.slice(buffer, buffer + width * height)
    })
  }
}
