import type { FailedMove, MigrationProgress } from './contract.ts'
import { escapeCell } from './progress-report.ts'

const FAILURES_SHOWN = 25

/** What the Web UI shows of a migration, as Markdown. */
export function renderMigration(
  headline: string,
  progress: MigrationProgress,
  failures: readonly FailedMove[],
): string {
  const { files, bytes, moved, movedBytes, failed } = progress
  return [
    `**${headline}**`,
    '',
    '| | Files | Bytes |',
    '| --- | ---: | ---: |',
    `| In the database at the start | ${files} | ${bytes} |`,
    `| Moved | ${moved} | ${movedBytes} |`,
    `| Failed | ${failed} | |`,
    ...(failures.length > 0 ? ['', '| Failed file | Code | Why |', '| --- | --- | --- |'] : []),
    ...failures
      .slice(0, FAILURES_SHOWN)
      .map(({ name, code, message }) => `| ${escapeCell(name)} | ${code} | ${escapeCell(message)} |`),
  ].join('\n')
}
