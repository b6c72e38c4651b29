import type { Page } from '../../../domain/chunk.ts'
import type { ExtractionLimits, Reading } from '../extraction.ts'
import { checkLength, checkPages, MAX_CELLS } from '../limits.ts'
import type { Cell } from '../markdown-table.ts'
import { markdownTable, rowOf } from '../markdown-table.ts'
import { cellFormats } from './cell-formats.ts'
import { coreProperties } from './core-properties.ts'
import { elementTexts } from './element-texts.ts'
import type { CellContext } from './read-sheet.ts'
import { readSheet } from './read-sheet.ts'
import { relationshipsOf } from './relationships.ts'
import type { Parts } from './unpack.ts'
import { unpack } from './unpack.ts'
import type { Sheet } from './workbook-sheets.ts'
import { workbookSheets } from './workbook-sheets.ts'
import type { XmlListener } from './xml-events.ts'
import { readXmlEvents } from './xml-events.ts'

/** What is directly in the folder of the workbook, of its sheets or their drawings, and where they lead to. */
const PARTS = /^(?:xl\/(?:(?:worksheets|drawings)\/)?(?:_rels\/)?[^/]+|docProps\/core\.xml)$/i

/**
 * The sheets of a workbook, each a page, in the order of their tabs: its name, its cells as a table, comments
 * and text boxes. Numbers are as a person sees them, dates as `2024-12-31`. A sheet without cells has no text.
 * @throws Unreadable CORRUPT, TOO_LARGE
 */
export function readWorkbook(bytes: Uint8Array, limits: ExtractionLimits): Reading {
  const parts = unpack(bytes, PARTS, limits)
  const { sheets, epochDays } = workbookSheets(parts)
  checkPages(sheets.length, limits)
  const context = { strings: sharedStrings(parts), formats: cellFormats(parts, epochDays), cellsLeft: MAX_CELLS }
  const pages = sheets.map(
    (sheet, index): Page => ({ number: index + 1, text: readPage(sheet, parts, context, limits) }),
  )
  const pagesSkipped = sheets.filter(({ part }) => !parts.has(part)).length
  return { pages, documentType: 'xlsx', ...coreProperties(parts), pagesSkipped }
}

function readPage({ name, part }: Sheet, parts: Parts, context: CellContext, limits: ExtractionLimits): string {
  const rows = readSheet(parts.get(part), context)
  const blocks = [renderCells(rows, limits), ...textsAbove(part, parts)].filter((block) => block !== '')
  // A name alone says nothing.
  return blocks.length === 0 ? '' : [`# ${name}`, ...blocks].join('\n\n')
}

/** A cell far to the right takes the place of all that are empty before it. */
function renderCells(rows: readonly (readonly Cell[])[], limits: ExtractionLimits): string {
  checkLength(
    rows.reduce((places, row) => places + (row.at(-1)?.column ?? 0), 0),
    limits,
  )
  return markdownTable(rows.map(rowOf))
}

function sharedStrings(parts: Parts): string[] {
  const strings: string[] = []
  readXmlEvents(
    parts.get('xl/sharedstrings.xml'),
    elementTexts('si', (text) => strings.push(text)),
  )
  return strings
}

/** Excel repeats what is said in a thread for older programs, which it tells so in its own language. */
const FOR_OLDER_PROGRAMS = /^.*linkid=870924\s+\S[^\n]*:\s*/s

/** What stands above the cells: comments and text boxes. */
function textsAbove(sheet: string, parts: Parts): string[] {
  const texts: string[] = []
  const listeners: Readonly<Record<string, XmlListener>> = {
    comments: elementTexts('comment', (text, { ref = '' }) =>
      texts.push(`Comment on ${ref}: ${text.replace(FOR_OLDER_PROGRAMS, '').trim()}`),
    ),
    drawing: elementTexts('p', (text) => texts.push(text)),
  }
  for (const { type, target } of relationshipsOf(sheet, parts)) {
    const listener = listeners[type]
    if (listener) readXmlEvents(parts.get(target), listener)
  }
  return texts
}
