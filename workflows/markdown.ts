/**
 * What the Web UI shows of a run: a headline, then blocks of lines. The break at the end is for the Web UI, which cuts off
 * the last line of what it shows.
 */
export const renderDetails = (headline: string, ...blocks: readonly (readonly string[])[]): string =>
  [`**${headline}**`, ...blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')), '<br>'].join(
    '\n\n',
  )

/** More of them would make a page long without telling more; the API, or the result, has them all. */
const ROWS_SHOWN = 25

/** `head` and `rows`: cells as Markdown. Undefined where there are no rows. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return []
  const rest = rows.length - ROWS_SHOWN
  const lines = [head, head.map(() => '---'), ...rows.slice(0, ROWS_SHOWN)].map((cells) => `| ${cells.join(' | ')} |`)
  return rest > 0 ? [...lines, '', `… and ${rest} more.`] : lines
}

/** File names come from users, and messages from services: neither may become markup. */
export const escapeCell = (text: string) =>
  text
    .replaceAll(/[\\`*_{}[\]()#+!|<>~]/g, String.raw`\$&`)
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300)

/** For a summary, which the Web UI shows as Markdown here and as it is there: no link, no picture, no HTML. */
export const escapeSummary = (text: string) => text.replaceAll(/[\\[<]/g, String.raw`\$&`).replaceAll(/\s+/g, ' ')

export const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`
