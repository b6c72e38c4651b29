import { styleText } from 'node:util'
import type { EstimateJson, ReindexJson } from './api/reindex-api.ts'
import { failureLines } from './failure-lines.ts'
import { count } from './output.ts'
import { plainLine, plainText } from './plain-text.ts'

/** For a person. */
export function describeReindex(reindex: ReindexJson): string {
  const { status, status_reason, from, to, failed_files, temporal_ui_url } = reindex
  const failures = failed_files.map(({ name, stage, code, message }) => ({ name: `${name} (${stage})`, code, message }))
  return [
    `${styleText('bold', status)}${status_reason ? `: ${plainText(status_reason)}` : ''}`,
    describeProgress(reindex),
    `From ${describeMaking(from)} to ${describeMaking(to)}`,
    ...failureLines(failures, { names: 20 }),
    ...whatToDo(reindex),
    `Its run, step by step: ${temporal_ui_url}`,
  ].join('\n')
}

export function describeEstimate({ files, tokens, tokens_reused, amount, embedding_model }: EstimateJson): string {
  const price = amount === null ? 'at a price that is not known' : `for ${amount.expected} USD`
  const reused = tokens_reused > 0 ? `; ${count(tokens_reused, 'token')} are embedded already` : ''
  return `Estimated: ${count(files, 'file')}, ${count(tokens.expected, 'token')} by ${plainLine(embedding_model)} ${price}${reused}.`
}

const describeProgress = ({ progress: { files, built, failed }, tokens_embedded, tokens_reused }: ReindexJson) =>
  [
    `${built} of ${count(files, 'file')} built`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    `${count(tokens_embedded, 'token')} embedded`,
    `${tokens_reused.toLocaleString('en')} reused`,
  ].join(', ')

function describeMaking({
  embeddings: { model, dimensions },
  chunk_tokens,
  chunk_overlap_tokens,
}: ReindexJson['from']) {
  const chunks =
    chunk_tokens === null ? '' : `, chunks of ${chunk_tokens} tokens that repeat ${chunk_overlap_tokens ?? 0}`
  return `${plainLine(model)} (${dimensions}${chunks})`
}

function whatToDo({ status, is_switched }: ReindexJson): string[] {
  if (status === 'switched')
    return ['The new vectors serve. --rollback has the old ones serve again, --finish removes them now.']
  if (status !== 'paused') return []
  return [
    is_switched
      ? 'The new vectors serve. --resume goes on rolling back, --finish keeps them instead.'
      : 'What serves is as it was. --resume goes on, --cancel ends it.',
  ]
}
