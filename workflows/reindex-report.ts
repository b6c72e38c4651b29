import type { FileFailure } from '../domain/ports.ts'
import type { Making, ReindexReceipt } from '../domain/reindex.ts'
import type { ReindexState } from './contract.ts'
import { escapeCell, renderDetails, renderTable } from './markdown.ts'
import type { ReindexPhase } from './reindex-requests.ts'

export type ShownFailure = FileFailure & { readonly name: string }

export type ReindexReport = ReindexState & {
  readonly phase: ReindexPhase
  readonly from: Making
  readonly to: Making
  readonly estimate: { readonly tokens: number; readonly amount: number | null; readonly tokensReused: number }
  readonly failures: readonly ShownFailure[]
}

/** What the Web UI shows of a re-index, as Markdown. */
export function renderReindex(report: ReindexReport): string {
  const { files, built, failed, pending, from, to, failures, note } = report
  return renderDetails(
    headlineOf(report),
    ...(note ? [[escapeCell(note)]] : []),
    renderTable(['Files', 'Built', 'Failed', 'To come'], [[files, built, failed, pending].map(String)]),
    renderTable(
      ['', 'Model', 'Chunks'],
      [
        ['From', escapeCell(named(from)), sizesOf(from)],
        ['To', escapeCell(named(to)), sizesOf(to)],
      ],
    ),
    [describeEstimate(report)],
    renderTable(
      ['Failed file', 'Stage', 'Code', 'Why'],
      failures.map(({ name, stage, code, message }) => [escapeCell(name), stage, code, escapeCell(message)]),
    ),
    [WHAT_TO_DO[report.phase]],
  )
}

export const renderReindexEnd = (receipt: ReindexReceipt): string =>
  renderDetails(
    OUTCOMES[receipt.outcome],
    renderTable(
      ['', ''],
      [
        ['Files', String(receipt.files)],
        ['Model that serves', escapeCell(receipt.embedding_model)],
        ['Vectors deleted', String(receipt.vectors_deleted)],
        ['Vectors left, as the store says', String(receipt.vectors_left)],
        ['Objects with embeddings deleted, which nothing else used', String(receipt.artefacts_deleted)],
      ],
    ),
  )

function headlineOf({ status, reason, built, files }: ReindexReport): string {
  if (status === 'paused' && reason) return `Paused – ${escapeCell(reason)} The signal resumeReindex goes on.`
  if (status === 'building') return `Building: ${built} of ${files} files. The old vectors serve.`
  return HEADLINES[status]
}

const HEADLINES: Readonly<Record<Exclude<ReindexReport['status'], 'building'>, string>> = {
  paused: 'Paused',
  verifying: 'Verifying. The old vectors serve.',
  switched: 'Switched: the new vectors serve, the old ones are kept',
  rolling_back: 'Rolling back. The new vectors serve until the old ones are complete.',
  cleaning: 'Removing the vectors that do not serve',
  done: 'Done',
  rolled_back: 'Rolled back',
  cancelled: 'Cancelled',
}

const OUTCOMES: Readonly<Record<ReindexReceipt['outcome'], string>> = {
  done: 'Done: the new vectors serve',
  rolled_back: 'Rolled back: the old vectors serve',
  cancelled: 'Cancelled: nothing has changed',
  expert_deleted: 'Ended: the expert is being deleted',
}

const WHAT_TO_DO: Readonly<Record<ReindexPhase, string>> = {
  building: 'Signals: `pauseReindex`, `resumeReindex`, `cancelReindex`.',
  switched: 'Signals: `rollBackReindex` has the old vectors serve again, `finishReindex` removes them now.',
  'rolling back': 'Signals: `pauseReindex`, `resumeReindex`, `finishReindex` keeps the new vectors instead.',
  cleaning: 'It can be neither stopped nor undone.',
}

const named = ({ model, dimensions }: Making) => `${model} (${dimensions})`

const sizesOf = ({ chunking }: Making) =>
  chunking ? `${chunking.maxTokens} tokens, ${chunking.overlapTokens} repeated` : 'as configured'

function describeEstimate({ estimate: { tokens, amount, tokensReused } }: ReindexReport): string {
  const reused = tokensReused > 0 ? `, and ${tokensReused} that are embedded already` : ''
  const price = amount === null ? 'at a price that is not known' : `for ${Number(amount.toFixed(6))} USD`
  return `Estimated: ${tokens} tokens ${price}${reused}.`
}
