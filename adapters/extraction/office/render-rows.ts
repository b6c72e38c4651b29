import type { OfficeContentNode } from 'officeparser'
import { MAX_COLUMNS } from '../limits.ts'
import type { Cell } from '../markdown-table.ts'
import { markdownTable, rowOf } from '../markdown-table.ts'
import { renderLine } from './render-line.ts'

type Node = OfficeContentNode

/** Rows of cells as a Markdown table; the first row is its head. */
export const renderRows = (rows: readonly Node[]): string =>
  markdownTable(rows.map(({ children = [] }) => rowOf(cellsOf(children))))

/** Cells that are empty may be missing, so each is put where it says that it stands. */
function* cellsOf(nodes: readonly Node[]): Iterable<Cell> {
  for (const [index, node] of nodes.entries()) {
    const column = node.type === 'cell' ? (node.metadata?.col ?? index) : index
    if (column >= MAX_COLUMNS) return
    yield { column, text: renderLine(node) }
  }
}
