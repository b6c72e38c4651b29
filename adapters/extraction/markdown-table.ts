/** A cell of a row, by its column from 0. */
export type Cell = { readonly column: number; readonly text: string }

/** The texts of a row, with '' for the cells that are not there. */
export function rowOf(cells: Iterable<Cell>): string[] {
  const row: string[] = []
  for (const { column, text } of cells) {
    while (row.length < column) row.push('')
    row[column] = text
  }
  return row
}

/**
 * Rows as a Markdown table, the first one as its head. Empty rows are left out; the head has a column for each, the other
 * rows end with their last cell.
 * @returns '' where every cell is empty
 */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows.map(trimEnd).filter((row) => row.length > 0)
  if (!head) return ''
  const columns = body.reduce((most, row) => Math.max(most, row.length), head.length)
  const padded = Array.from({ length: columns }, (_, column) => head[column] ?? '')
  return [tableHead(padded), ...body.map(tableRow)].join('\n')
}

const trimEnd = (row: readonly string[]) => row.slice(0, row.findLastIndex((cell) => cell.trim() !== '') + 1)

/** The first row of a table, and the line below it. */
export const tableHead = (cells: readonly string[]) => `${tableRow(cells)}\n|${' --- |'.repeat(cells.length)}`

export const tableRow = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`

const escapeCell = (text: string) => text.replaceAll(/\s+/g, ' ').trim().replaceAll('|', String.raw`\|`)
