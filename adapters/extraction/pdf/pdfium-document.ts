import { Unreadable } from '../unreadable.ts'
import { FileAccess } from './file-access.ts'
import { annotationLines } from './page-annotations.ts'
import type { Pdfium } from './pdfium.ts'
import { readText, startPdfium, utf16At, withMemory } from './pdfium.ts'

/** From PDFium's fpdfview.h. */
const PASSWORD_ERROR = 4
const BITMAP_GREY = 1
const RENDER_ANNOTATIONS = 0x01
const RENDER_GREYSCALE = 0x08
const WHITE = 0xffffffff
const POINTS_PER_INCH = 72

/** A sheet of A0 at 200 dpi. A page may say that it is a kilometre wide. */
const MOST_PIXELS = 62_000_000

/** Of a page of that size; coarser where it would have too many. */
function sizeInPixels(points: { width: number; height: number }, dpi: number): { width: number; height: number } {
  const wanted = dpi / POINTS_PER_INCH
  const scale = Math.min(wanted, Math.sqrt(MOST_PIXELS / (points.width * points.height)))
  const side = (length: number) => Math.min(MOST_PIXELS, Math.max(1, Math.floor(length * scale)))
  const width = side(points.width)
  return { width, height: Math.min(side(points.height), Math.floor(MOST_PIXELS / width)) }
}

/** A picture of a page, a byte a pixel: 0 is black. */
export type GreyImage = { readonly width: number; readonly height: number; readonly pixels: Uint8Array }

/** A PDF opened by PDFium, which reads it from the disk as it needs it. */
export class PdfiumDocument implements Disposable {
  readonly #lib: Pdfium
  readonly #access: FileAccess
  readonly #document: number
  readonly #formInfo: number
  readonly #form: number

  /** `tail` is read as if it stood behind the file. @throws Unreadable ENCRYPTED, or CORRUPT where PDFium finds no document in it */
  static async open(path: string, tail?: Uint8Array): Promise<PdfiumDocument> {
    const lib = await startPdfium()
    const access = new FileAccess(lib, path, tail)
    const document = lib.FPDF_LoadCustomDocument(access.pointer, '')
    if (document !== 0) return new PdfiumDocument(lib, access, document)
    const error = lib.FPDF_GetLastError()
    access[Symbol.dispose]()
    throw new Unreadable(error === PASSWORD_ERROR ? 'ENCRYPTED' : 'CORRUPT')
  }

  private constructor(lib: Pdfium, access: FileAccess, document: number) {
    this.#lib = lib
    this.#access = access
    this.#document = document
    // Values of form fields are known to PDFium's form environment only.
    this.#formInfo = lib.PDFiumExt_OpenFormFillInfo()
    this.#form = lib.PDFiumExt_InitFormFillEnvironment(document, this.#formInfo)
  }

  /** Frees what is not memory of PDFium: that goes with its instance. */
  [Symbol.dispose](): void {
    this.#access[Symbol.dispose]()
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
      [this.#drawnText(page), ...annotationLines(this.#lib, page, this.#form)].join('\n'),
    )
  }

  /** A page (from 0) as a picture; undefined where it is damaged. */
  renderPage(index: number, dpi: number): GreyImage | undefined {
    return this.#withPage(index, (page) => {
      const points = { width: this.#lib.FPDF_GetPageWidthF(page), height: this.#lib.FPDF_GetPageHeightF(page) }
      const { width, height } = sizeInPixels(points, dpi)
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

  #drawnText(page: number): string {
    const lib = this.#lib
    const textPage = lib.FPDFText_LoadPage(page)
    if (textPage === 0) return ''
    try {
      const characters = lib.FPDFText_CountChars(textPage)
      if (characters <= 0) return ''
      // A character outside of the basic plane takes two units.
      return withMemory(lib, (2 * characters + 1) * 2, (buffer) => {
        const written = lib.FPDFText_GetText(textPage, 0, 2 * characters, buffer)
        return utf16At(lib, buffer, Math.max(0, written - 1))
      })
    } finally {
      lib.FPDFText_ClosePage(textPage)
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
