import type { OfficeIssue, OfficeParserAST, OfficeParserConfig } from 'officeparser'
import { OfficeErrorType, OfficeParser, OfficeWarningType } from 'officeparser'
import type { Page } from '../../../domain/chunk.ts'
import type { ExtractionLimits, Reading } from '../extraction.ts'
import { checkPages, MAX_CELLS, MAX_ELEMENTS, MAX_PARTS, maxBytes, moreThan, unpacksToMore } from '../limits.ts'
import { Unreadable } from '../unreadable.ts'
import type { OfficeType } from './read-office.ts'
import { renderBlocks } from './render-blocks.ts'
import { PAGE_END } from './render-line.ts'
import { renderPages } from './render-pages.ts'
import { withRtfSymbols } from './rtf-symbols.ts'

/** The text of a document that officeparser knows, as Markdown. @throws Unreadable ENCRYPTED, CORRUPT, TOO_LARGE */
export async function readByOfficeParser(
  bytes: Uint8Array,
  type: OfficeType,
  limits: ExtractionLimits,
): Promise<Reading> {
  const { document, pagesSkipped } = await parse(bytes, type, limits).catch((error: unknown) => {
    throw toUnreadable(error, limits)
  })
  const pages = withHeadersAndFooters(renderPages(document.content), document)
  checkPages(pages.length, limits)
  const { title = '', author = '' } = document.metadata
  return { pages, documentType: type, title, author, pagesSkipped }
}

type Parsed = { readonly document: OfficeParserAST; readonly pagesSkipped: number }

async function parse(bytes: Uint8Array, fileType: OfficeType, limits: ExtractionLimits): Promise<Parsed> {
  const config: OfficeParserConfig = {
    fileType,
    includeBreakNodes: true,
    ignoreSlideMasters: true,
    ignoreInternalLinks: true,
    decompressionLimits: {
      maxUncompressedBytes: maxBytes(limits),
      maxTableCells: MAX_CELLS,
      maxXmlElements: MAX_ELEMENTS,
      maxZipEntries: MAX_PARTS,
    },
  }
  const document = await OfficeParser.parseOffice(fileType === 'rtf' ? withRtfSymbols(bytes) : bytes, config)
  const warned = (code: OfficeWarningType) => document.warnings.filter((warning) => warning.code === code).length
  if (warned(OfficeWarningType.TABLE_CELL_LIMIT_EXCEEDED) > 0)
    throw new Unreadable('TOO_LARGE', moreThan(MAX_CELLS, 'cells'))
  return { document, pagesSkipped: warned(OfficeWarningType.CONTENT_PART_NOT_READ) }
}

const CODES: Partial<Record<OfficeErrorType, Unreadable['code']>> = {
  [OfficeErrorType.PASSWORD_REQUIRED]: 'ENCRYPTED',
  [OfficeErrorType.ZIP_SIZE_LIMIT_EXCEEDED]: 'TOO_LARGE',
  [OfficeErrorType.ZIP_ENTRY_COUNT_LIMIT_EXCEEDED]: 'TOO_LARGE',
  [OfficeErrorType.XML_ELEMENT_LIMIT_EXCEEDED]: 'TOO_LARGE',
  [OfficeErrorType.MAX_NESTING_DEPTH_EXCEEDED]: 'TOO_LARGE',
}

const DETAILS: Partial<Record<OfficeErrorType, (limits: ExtractionLimits) => string>> = {
  [OfficeErrorType.ZIP_SIZE_LIMIT_EXCEEDED]: unpacksToMore,
  [OfficeErrorType.ZIP_ENTRY_COUNT_LIMIT_EXCEEDED]: () => moreThan(MAX_PARTS, 'parts'),
  [OfficeErrorType.XML_ELEMENT_LIMIT_EXCEEDED]: () => moreThan(MAX_ELEMENTS, 'elements'),
  [OfficeErrorType.MAX_NESTING_DEPTH_EXCEEDED]: () => 'it is nested too deeply',
}

function toUnreadable(error: unknown, limits: ExtractionLimits): Unreadable {
  if (error instanceof Unreadable) return error
  const { officeIssue } = error as { officeIssue?: OfficeIssue }
  const type = officeIssue?.code as OfficeErrorType
  return new Unreadable(CODES[type] ?? 'CORRUPT', DETAILS[type]?.(limits), error)
}

/** What stands at the head of every page is at the head of the first, what stands at their foot at the foot of the last. */
function withHeadersAndFooters(pages: readonly Page[], { auxiliary = {} }: OfficeParserAST): Page[] {
  const [headers, footers] = [auxiliary.headers, auxiliary.footers].map((nodes) =>
    withoutNumbers(renderBlocks(nodes ?? [])),
  )
  return pages.map(({ number, text }) => ({
    number,
    text: [number === 1 ? headers : '', text, number === pages.length ? footers : ''].filter(Boolean).join('\n\n'),
  }))
}

/** A page number would be a line that says nothing. */
const withoutNumbers = (text: string) => (/\p{L}/u.test(text) ? text.replaceAll(PAGE_END, '\n') : '')
