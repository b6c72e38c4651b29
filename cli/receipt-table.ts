import { styleText } from 'node:util'
import type { ChoreReceipt, HousekeepingReceipt } from '../domain/housekeeping.ts'
import { plainLine } from './plain-text.ts'

const HEAD = ['chore', 'found', 'done', 'examples'] as const
type Cells = readonly [chore: string, found: string, done: string, examples: string]

/** A row per chore, and a line for each of its examples. */
export function receiptTable({ dry_run, chores }: HousekeepingReceipt): string {
  const rows = chores.flatMap(rowsOf)
  const width = (column: 0 | 1 | 2) => Math.max(...[HEAD, ...rows].map((row) => row[column].length))
  const line = ([chore, found, done, examples]: Cells) =>
    `${chore.padEnd(width(0))}  ${found.padStart(width(1))}  ${done.padStart(width(2))}  ${examples}`.trimEnd()
  const note = dry_run ? ['', 'A dry run: nothing was changed.'] : []
  return [styleText('bold', line(HEAD)), ...rows.map(line), ...note, ''].join('\n')
}

function rowsOf(receipt: ChoreReceipt): Cells[] {
  if (receipt.failure) return [[receipt.chore, '–', '–', `${receipt.failure.code}: ${receipt.failure.message}`]]
  const { chore, found, done, more, examples } = receipt
  const rest = found - examples.length
  const lines = [
    ...examples.map(plainLine),
    ...(rest > 0 ? [`… and ${rest.toLocaleString('en')} more`] : []),
    ...(more ? ['The limit of one run was reached; the next one goes on.'] : []),
  ]
  const [first = '', ...others] = lines
  return [[chore, String(found), String(done), first], ...others.map((example): Cells => ['', '', '', example])]
}
