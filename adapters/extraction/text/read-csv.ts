import Papa from 'papaparse'
import { tableHead, tableRow } from '../markdown-table.ts'

/** Rows of values as a Markdown table; the first row is its head. */
export function readCsv(text: string): string {
  const lines: string[] = []
  Papa.parse<string[]>(text, {
    skipEmptyLines: 'greedy',
    // Row by row: all of them as values would take many times the memory of the text.
    step: ({ data }) => lines.push(lines.length === 0 ? tableHead(data) : tableRow(data)),
  })
  return lines.join('\n')
}

const LOOKED_AT = 50
const LEAST_ROWS = 3
const MOST_CHARACTERS_A_VALUE = 200

/** Whether the text is rows of values: the same number in each, by a delimiter that is not the comma of a sentence. */
export function isCsv(text: string): boolean {
  const { data, meta } = Papa.parse<string[]>(text, { preview: LOOKED_AT, skipEmptyLines: 'greedy' })
  const [head] = data
  if (!head || head.length < 2 || data.length < LEAST_ROWS) return false
  const values = data.flat()
  const regular = data.filter((row) => row.length === head.length).length
  const afterSpace = values.filter((value) => value.startsWith(' ')).length
  return (
    regular >= 0.9 * data.length &&
    values.every((value) => value.length <= MOST_CHARACTERS_A_VALUE) &&
    (meta.delimiter !== ',' || afterSpace < 0.3 * values.length)
  )
}
