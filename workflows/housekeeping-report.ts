import type { ChoreReceipt, HousekeepingReceipt } from '../domain/housekeeping.ts'
import { escapeCell, renderDetails, renderTable } from './markdown.ts'

const EXAMPLES_SHOWN = 5

/** What the Web UI shows of a run, as Markdown. */
export function renderReceipt({ dry_run, chores }: HousekeepingReceipt): string {
  const failed = chores.filter(({ failure }) => failure).length
  const headline = dry_run ? 'Dry run: nothing was changed' : 'Housekeeping'
  return renderDetails(
    failed > 0 ? `${headline}; ${failed} of the chores failed` : headline,
    renderTable(['Chore', 'Found', 'Done', 'Examples'], chores.map(renderRow)),
  )
}

function renderRow(receipt: ChoreReceipt): string[] {
  const { chore, failure } = receipt
  if (failure) return [chore, '–', '–', `${failure.code}: ${escapeCell(failure.message)}`]
  const { found, done, more, examples } = receipt
  return [chore, String(found), `${done}${more ? ', more next time' : ''}`, renderExamples(examples, found)]
}

/** Keys and ids, which have no markup in them. The result has some more of them. */
function renderExamples(examples: readonly string[], found: number): string {
  const shown = examples.slice(0, EXAMPLES_SHOWN).map((example) => `\`${example}\``)
  return [...shown, ...(found > shown.length ? [`… and ${found - shown.length} more`] : [])].join('<br>')
}
