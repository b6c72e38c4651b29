import type { FailedMove, MigrationProgress } from './contract.ts'
import { escapeCell, renderDetails, renderTable } from './markdown.ts'

/** What the Web UI shows of a migration, as Markdown. */
export function renderMigration(
  headline: string,
  progress: MigrationProgress,
  failures: readonly FailedMove[],
): string {
  const { files, bytes, moved, movedBytes, failed } = progress
  const count = (number: number) => number.toLocaleString('en')
  return renderDetails(
    failed > 0 ? `${headline}; ${failed} failed` : headline,
    renderTable(
      ['', 'Files', 'Bytes'],
      [
        ['In the database at the start', count(files), count(bytes)],
        ['Moved', count(moved), count(movedBytes)],
        ['Failed', count(failed), ''],
      ],
    ),
    renderTable(
      ['Failed file', 'Code', 'Why'],
      failures.map(({ name, code, message }) => [escapeCell(name), code, escapeCell(message)]),
    ),
  )
}
