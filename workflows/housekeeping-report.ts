import type { ChoreReceipt, HousekeepingReceipt } from '../domain/housekeeping.ts'

/** What the Web UI shows of a run, as Markdown. Examples are keys and ids, which have no markup in them. */
export function renderReceipt({ dry_run, chores }: HousekeepingReceipt): string {
  return [
    `**${dry_run ? 'Dry run: nothing was changed' : 'Housekeeping'}**`,
    '',
    '| Chore | Found | Done | Examples |',
    '| --- | ---: | ---: | --- |',
    ...chores.map(renderRow),
  ].join('\n')
}

function renderRow(receipt: ChoreReceipt): string {
  if (receipt.failure) return `| ${receipt.chore} | – | – | ${receipt.failure.code}: ${receipt.failure.message} |`
  const { chore, found, done, more, examples } = receipt
  const shown = examples.map((example) => `\`${example}\``).join('<br>')
  return `| ${chore} | ${found} | ${done}${more ? ', more next time' : ''} | ${shown} |`
}
