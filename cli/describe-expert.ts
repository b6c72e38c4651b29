import { styleText } from 'node:util'
import type { ApiClient } from './api/api-client.ts'
import type { ExpertFileJson, ExpertJson } from './api/experts-api.ts'
import { failureLines } from './failure-lines.ts'
import { count } from './output.ts'
import { plainLine, plainText } from './plain-text.ts'

export type ExpertReport = ExpertJson & { readonly failed_files: ExpertFileJson[] }

/** The expert with its failed files, as they are now. */
export async function reportOn({ experts }: ApiClient, expert: ExpertJson): Promise<ExpertReport> {
  const failed_files = expert.progress.failed > 0 ? await Array.fromAsync(experts.failedFiles(expert.id)) : []
  return { ...expert, failed_files }
}

/** For a person; `stream` is where it will be written. */
export function describeExpert(report: ExpertReport, stream: NodeJS.WriteStream = process.stdout): string {
  const { name, id, status, status_reason, summary, failed_files, embeddings, reindex, temporal_ui_url } = report
  const bold = (text: string) => styleText('bold', text, { stream })
  const failures = failed_files.map(({ name: file, stage, code, message }) => ({
    name: stage ? `${file} (${stage})` : file,
    code: code ?? 'INTERNAL',
    message: message ?? '',
  }))
  return [
    `${bold(plainLine(name))}  ${id}`,
    `${bold(status)}${status_reason ? `: ${plainText(status_reason)}` : ''}`,
    describeProgress(report),
    ...(summary ? [describeTotals(summary)] : []),
    describeEmbeddings(embeddings),
    ...(reindex ? [describeReindex(id, reindex)] : []),
    ...failureLines(failures, { names: 20, stream }),
    `Its run, step by step: ${temporal_ui_url}`,
  ].join('\n')
}

const describeProgress = ({ progress: { files, indexed, failed, pending } }: ExpertJson) =>
  [
    `${indexed} of ${count(files, 'file')} indexed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(pending > 0 ? [`${pending} to come`] : []),
  ].join(', ')

const describeEmbeddings = ({ model, dimensions, reason }: ExpertJson['embeddings']) =>
  `Embeddings: ${plainLine(model)}, ${dimensions} dimensions${reason === null ? '' : ` (${plainLine(reason)})`}`

const describeReindex = (id: string, { status, built, files }: NonNullable<ExpertJson['reindex']>) =>
  `Re-index: ${status}, ${built} of ${count(files, 'file')} built (expertsmith reindex ${id} --status)`

const describeTotals = ({ totals }: NonNullable<ExpertJson['summary']>) =>
  `${count(totals.pages, 'page')}, ${count(totals.chunks, 'chunk')}, ${count(totals.tokens_embedded, 'token')} embedded, ${totals.tokens_reused.toLocaleString('en')} reused`
