import { styleText } from 'node:util'

/** Columns as wide as their widest cell, the last one as it is. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return [styleText('bold', line(head).trimEnd()), ...rows.map((row) => line(row).trimEnd())].join('\n')
}
