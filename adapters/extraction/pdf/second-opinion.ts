import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PDFParse, VerbosityLevel } from 'pdf-parse'

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

/** On the average, in characters; a page of shorter ones is not written from left to right, or is a table. */
const SHORT_LINE = 25

/** What pdf.js makes of a PDF that PDFium cannot read, or not well. */
export class SecondOpinion implements AsyncDisposable {
  readonly #parser: PDFParse
  readonly pageCount: number

  /** Takes the bytes away from the caller. @returns undefined where pdf.js finds no document in them either */
  static async ask(bytes: Uint8Array): Promise<SecondOpinion | undefined> {
    const parser = new PDFParse({ ...READER, data: bytes })
    try {
      // Asks for a page that does not exist, to learn how many do.
      const { total } = await parser.getText({ partial: [0] })
      if (total > 0) return new SecondOpinion(parser, total)
    } catch {
      // That it is damaged, or protected, is known already.
    }
    await parser.destroy()
    return undefined
  }

  private constructor(parser: PDFParse, pageCount: number) {
    this.#parser = parser
    this.pageCount = pageCount
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parser.destroy()
  }

  /** The text of a page (from 0); undefined where it is damaged. */
  async pageText(index: number): Promise<string | undefined> {
    try {
      return await this.#readPage(index + 1)
    } catch {
      return undefined
    }
  }

  async #readPage(number: number): Promise<string> {
    const lines = await this.#readLines(number, true)
    const characters = lines.reduce((sum, line) => sum + line.length, 0)
    if (characters >= SHORT_LINE * lines.length) return lines.join('\n')
    // Breaking lines by their height cuts rotated text into its words. pdf.js's own line breaks are right there.
    const ownLines = await this.#readLines(number, false)
    return (ownLines.length < 0.75 * lines.length ? ownLines : lines).join('\n')
  }

  async #readLines(number: number, lineEnforce: boolean): Promise<string[]> {
    // No marker lines between pages, and no tabs at gaps: they would fall into words of right-to-left text.
    const page = { first: number, last: number, lineEnforce, pageJoiner: '', cellSeparator: '' }
    const { pages } = await this.#parser.getText(page)
    return (pages[0]?.text ?? '').split('\n').filter((line) => line.trim() !== '')
  }
}
