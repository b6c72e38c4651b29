import type { OfficeContentNode } from 'officeparser'
import { markdownTable } from '../markdown-table.ts'
import { MAX_COLUMNS } from './read-sheet.ts'
import { renderLine } from './render-line.ts'

type Node = OfficeContentNode

/** Rows of cells as a Markdown table; the first row is its head. */
export const renderRows = (rows: readonly Node[]): string =>
  markdownTable(rows.map(({ children = [] }) => rowOf(children)))

/** Cells that are empty may be missing, so each is put where it says that it stands. */
function rowOf(cells: readonly Node[]): string[] {
  const row: string[] = []
  for (const [index, cell] of cells.entries()) {
    const column = cell.type === 'cell' ? (cell.metadata?.col ?? index) : index
    if (column >= MAX_COLUMNS) break
    while (row.length < column) row.push('')
    row[column] = renderLine(cell)
  }
  return row
}
