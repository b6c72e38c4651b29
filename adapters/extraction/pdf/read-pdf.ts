import { readFile, stat } from 'node:fs/promises'
import type { ExtractionLimits, Reading } from '../extraction.ts'
import { checkLength, checkPages, checkSize, maxBytes } from '../limits.ts'
import type { OpenOcr } from '../ocr/open-ocr.ts'
import { Unreadable } from '../unreadable.ts'
import { garbledShare } from './garbled.ts'
import { makeEnd } from './lost-end.ts'
import type { PdfiumDocument } from './pdfium-document.ts'
import { openPdf } from './pdfium-document.ts'
import type { PageText } from './recognize-pages.ts'
import { recognizePages } from './recognize-pages.ts'
import type { SecondOpinion } from './second-opinion.ts'
import { tidyPages } from './tidy-pages.ts'

type Options = { readonly limits: ExtractionLimits; readonly openOcr: OpenOcr | undefined }

type Pages = {
  readonly texts: readonly PageText[]
  /** Pages that came behind these, at least, in a file that breaks off. */
  readonly pagesLost?: number
  readonly title?: string
  readonly author?: string
}

/** More of a page than this is not what its reader sees: pdf.js is asked whether it can do better. */
const DOUBTFUL = 0.1

/**
 * The text of a PDF, page by page; a page without text has an empty one. PDFium reads it, from the disk; pdf.js is asked for
 * what PDFium cannot read, or not well; pages that are still without text are recognised, where OCR is on.
 * @throws Unreadable ENCRYPTED, CORRUPT, NO_TEXT, TOO_LARGE
 */
export async function readPdf(path: string, options: Options): Promise<Reading> {
  const { texts, pagesLost = 0, ...information } = await readPages(path, options)
  const damaged = texts.filter((text) => text === undefined).length
  if (damaged === texts.length) throw new Unreadable('CORRUPT', 'none of its pages can be read')
  const pages = tidyPages(texts.map((text) => text ?? '')).map((text, index) => ({ number: index + 1, text }))
  if (pages.every(({ text }) => text === '')) throw withoutText(options)
  return { ...information, pages, documentType: 'pdf', pagesSkipped: damaged + pagesLost }
}

async function readPages(path: string, options: Options): Promise<Pages> {
  try {
    return await readByPdfium(path, options)
  } catch (error) {
    if (!isBeyondPdfium(error)) throw error
    const pages = (await readByPdfJs(path, options)) ?? (await readWithNewEnd(path, options))
    if (!pages) throw error
    return pages
  }
}

/** It finds no document, or broke down over it. */
const isBeyondPdfium = (error: unknown) =>
  (error instanceof Unreadable && error.code === 'CORRUPT') || error instanceof WebAssembly.RuntimeError

/** Of a file that breaks off, fonts may be lost too, and with them what the letters are: such a page counts as lost. */
async function readWithNewEnd(path: string, options: Options): Promise<Pages | undefined> {
  checkSize((await stat(path)).size, options.limits)
  const end = makeEnd(await readFile(path))
  if (!end) return undefined
  const { texts } = await readByPdfium(path, options, end.tail)
  const legible = texts.map((text) => (text !== undefined && garbledShare(text) > DOUBTFUL ? undefined : text))
  return legible.some((text) => text?.trim()) ? { texts: legible, pagesLost: end.pagesLost } : undefined
}

function readByPdfium(path: string, options: Options, tail?: Uint8Array): Promise<Pages> {
  const read = async (document: PdfiumDocument): Promise<Pages> => {
    const count = document.pageCount
    if (count === 0) throw new Unreadable('CORRUPT', 'it has no pages')
    checkPages(count, options.limits)
    const drawn = collect(count, options.limits, (index) => document.pageText(index))
    const texts = await withSecondOpinion(path, drawn, options.limits)
    const recognized = options.openOcr ? await recognizePages(document, texts, options.openOcr) : texts
    return { texts: recognized, title: document.information('Title'), author: document.information('Author') }
  }
  return openPdf(path, read, tail)
}

function collect(count: number, limits: ExtractionLimits, read: (index: number) => PageText): PageText[] {
  let characters = 0
  return Array.from({ length: count }, (_, index) => {
    const text = read(index)
    characters += text?.length ?? 0
    checkLength(characters, limits)
    return text
  })
}

/** The same pages, with those of pdf.js where they are better. */
async function withSecondOpinion(path: string, texts: readonly PageText[], limits: ExtractionLimits) {
  const blank = texts.every((text) => !text?.trim())
  const doubtful = texts.map((text) => blank || text === undefined || garbledShare(text) > DOUBTFUL)
  if (!doubtful.includes(true)) return texts
  await using opinion = await askPdfJs(path, limits)
  if (!opinion || opinion.pageCount !== texts.length) return texts
  const better: PageText[] = []
  for (const [index, text] of texts.entries())
    better.push(doubtful[index] ? betterOf(text, await opinion.pageText(index)) : text)
  return better
}

function betterOf(first: PageText, second: PageText): PageText {
  if (!first?.trim()) return second ?? first
  return second?.trim() && garbledShare(second) < garbledShare(first) ? second : first
}

async function readByPdfJs(path: string, { limits }: Options): Promise<Pages | undefined> {
  await using opinion = await askPdfJs(path, limits)
  if (!opinion) return undefined
  checkPages(opinion.pageCount, limits)
  const texts: PageText[] = []
  for (let index = 0; index < opinion.pageCount; index++) texts.push(await opinion.pageText(index))
  return { texts }
}

/** pdf.js holds a file in memory as a whole, so it is not asked about large ones. It is loaded when it is first asked. */
async function askPdfJs(path: string, limits: ExtractionLimits): Promise<SecondOpinion | undefined> {
  const { size } = await stat(path)
  if (size > maxBytes(limits)) return undefined
  const { SecondOpinion } = await import('./second-opinion.ts')
  return SecondOpinion.ask(new Uint8Array(await readFile(path)))
}

const withoutText = ({ openOcr }: Options) =>
  new Unreadable(
    'NO_TEXT',
    openOcr
      ? 'it looks scanned, but nothing can be recognised on its pages'
      : 'it looks scanned; to have its pages recognised, set OCR=on for the workers, then retry it',
  )
