/**
 * Rows as a Markdown table, the first one as its head. Empty rows are left out, and empty columns at the right.
 * @returns '' where every cell is empty
 */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const filled = rows.filter((row) => row.some(isFilled))
  const columns = filled.reduce((most, row) => Math.max(most, row.findLastIndex(isFilled) + 1), 0)
  const [head, ...body] = filled.map((row) => Array.from({ length: columns }, (_, column) => row[column] ?? ''))
  return head ? [tableHead(head), ...body.map(tableRow)].join('\n') : ''
}

const isFilled = (cell: string) => cell.trim() !== ''

/** The first row of a table, and the line below it. */
export const tableHead = (cells: readonly string[]) => `${tableRow(cells)}\n|${' --- |'.repeat(cells.length)}`

export const tableRow = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`

const escapeCell = (text: string) => text.replaceAll(/\s+/g, ' ').trim().replaceAll('|', String.raw`\|`)
