import type { Progress } from '../domain/expert.ts'
import type { FileFailure } from '../domain/ports.ts'
import { escapeCell, renderDetails, renderTable } from './markdown.ts'

export type ReportedFailure = FileFailure & { readonly fileId: string; readonly name: string }

export type Report = {
  readonly headline: string
  readonly progress: Progress
  readonly failures: readonly ReportedFailure[]
}

/** What the Web UI shows of an expert's run, as Markdown. */
export function renderReport({ headline, progress, failures }: Report): string {
  const { files, indexed, failed, pending } = progress
  return renderDetails(
    headline,
    renderTable(['Files', 'Indexed', 'Failed', 'Pending'], [[files, indexed, failed, pending].map(String)]),
    renderTable(
      ['Failed file', 'Stage', 'Code', 'Why'],
      failures.map(({ name, stage, code, message }) => [escapeCell(name), stage, code, escapeCell(message)]),
    ),
  )
}
