import { MAX_CELLS, MAX_COLUMNS, moreThan } from '../limits.ts'
import type { Cell } from '../markdown-table.ts'
import { Unreadable } from '../unreadable.ts'
import type { CellFormat } from './cell-formats.ts'
import { asNumber } from './cell-formats.ts'
import { elementTexts } from './element-texts.ts'
import type { Attributes } from './xml-events.ts'
import { readXmlEvents } from './xml-events.ts'

/** What the cells of all sheets refer to, and how many more there may be. */
export type CellContext = {
  readonly strings: readonly string[]
  readonly formats: readonly CellFormat[]
  cellsLeft: number
}

/** The rows of a sheet, and of them the cells, that are not empty. @throws Unreadable TOO_LARGE */
export function readSheet(part: Uint8Array | undefined, context: CellContext): Cell[][] {
  const rows: Cell[][] = []
  let row: Cell[] = []
  let column = -1
  const cells = elementTexts('c', (value, attributes) => {
    if (--context.cellsLeft < 0) throw new Unreadable('TOO_LARGE', moreThan(MAX_CELLS, 'cells'))
    column = columnOf(attributes.r) ?? column + 1
    const text = shown(value, attributes, context)
    if (text !== '' && column < MAX_COLUMNS) row.push({ column, text })
  })
  readXmlEvents(part, {
    ...cells,
    open: (name, attributes) => {
      if (name === 'row') [row, column] = [[], -1]
      cells.open(name, attributes)
    },
    close: (name) => {
      cells.close(name)
      if (name === 'row' && row.length > 0) rows.push(row)
    },
  })
  return rows
}

const A = 'A'.charCodeAt(0)

/** From the address of a cell, as `AB12`: its column, from 0. */
function columnOf(address: string | undefined): number | undefined {
  const [letters] = /^[A-Z]+/.exec(address ?? '') ?? []
  if (letters === undefined) return undefined
  let column = 0
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - A + 1
  return column - 1
}

/** What a reader of the sheet sees in the cell (ECMA-376 part 1, 18.18.11). */
function shown(value: string, { t = 'n', s = '' }: Attributes, { strings, formats }: CellContext): string {
  if (value.trim() === '') return ''
  if (t === 's') return strings[Number(value)] ?? ''
  if (t === 'b') return value.trim() === '1' ? 'TRUE' : 'FALSE'
  const number = Number(value)
  if (t !== 'n' || !Number.isFinite(number)) return value
  return (formats[Number(s)] ?? asNumber)(number)
}
