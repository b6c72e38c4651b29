import { posix } from 'node:path'
import { relationshipsOf } from './relationships.ts'
import type { Parts } from './unpack.ts'
import { readXmlEvents } from './xml-events.ts'

export type Sheet = { readonly name: string; readonly part: string }

type WorkbookSheets = {
  /** As a person sees their tabs from left to right. */
  readonly sheets: readonly Sheet[]
  /** What is added to the number of a day to count from 1900. */
  readonly epochDays: number
}

const WORKBOOK = 'xl/workbook.xml'
const DAYS_FROM_1900_TO_1904 = 1_462

export function workbookSheets(parts: Parts): WorkbookSheets {
  if (!parts.has(WORKBOOK)) return { sheets: sheetsByPart(parts), epochDays: 0 }
  const targets = new Map(relationshipsOf(WORKBOOK, parts).map((relationship) => [relationship.id, relationship]))
  const sheets: Sheet[] = []
  let epochDays = 0
  readXmlEvents(parts.get(WORKBOOK), {
    open: (tag, { name = '', id = '', date1904 = '' }) => {
      if (tag === 'workbookPr' && /^(?:1|true)$/.test(date1904)) epochDays = DAYS_FROM_1900_TO_1904
      const { type, target: part } = targets.get(id) ?? {}
      if (tag === 'sheet' && type === 'worksheet' && part) sheets.push({ name, part })
    },
  })
  return { sheets, epochDays }
}

const BY_NUMBER = new Intl.Collator('en', { numeric: true })

/** Of an archive that breaks off, the list of sheets may be lost. */
const sheetsByPart = (parts: Parts): Sheet[] =>
  [...parts.keys()]
    .filter((part) => part.startsWith('xl/worksheets/sheet'))
    .toSorted(BY_NUMBER.compare)
    .map((part) => ({ name: posix.basename(part, '.xml'), part }))
