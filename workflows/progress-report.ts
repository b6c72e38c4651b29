import type { Progress } from '../domain/expert.ts'
import type { FileFailure } from '../domain/ports.ts'

export type ReportedFailure = FileFailure & { readonly fileId: string; readonly name: string }

/** More of them would make the page long without telling more; the API lists all. */
const FAILURES_SHOWN = 25

export type Report = {
  readonly headline: string
  readonly progress: Progress
  readonly failures: readonly ReportedFailure[]
}

/** What the Web UI shows of a run, as Markdown. */
export function renderReport({ headline, progress, failures }: Report): string {
  const { files, indexed, failed, pending } = progress
  return [
    `**${headline}**`,
    '',
    '| Files | Indexed | Failed | Pending |',
    '| ---: | ---: | ---: | ---: |',
    `| ${files} | ${indexed} | ${failed} | ${pending} |`,
    ...(failures.length > 0 ? ['', ...renderFailures(failures)] : []),
  ].join('\n')
}

function renderFailures(failures: readonly ReportedFailure[]): string[] {
  const rest = failures.length - FAILURES_SHOWN
  return [
    '| Failed file | Stage | Code | Why |',
    '| --- | --- | --- | --- |',
    ...failures
      .slice(0, FAILURES_SHOWN)
      .map(({ name, stage, code, message }) => `| ${escapeCell(name)} | ${stage} | ${code} | ${escapeCell(message)} |`),
    ...(rest > 0 ? ['', `… and ${rest} more.`] : []),
  ]
}

/** File names come from users: they must not become markup. */
export const escapeCell = (text: string) =>
  text
    .replaceAll(/[\\`*_{}[\]()#+!|<>~]/g, String.raw`\$&`)
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300)
