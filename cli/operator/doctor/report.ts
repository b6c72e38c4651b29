import { styleText } from 'node:util'
import type { Result } from './check.ts'
import type { GroupResult } from './diagnosis.ts'

const SYMBOLS = { ok: '✅', warning: '⚠️', failed: '❌', skipped: 'skipped' } as const

type Counts = Record<Result['status'], number>

/** A line per check, and below it what to do. */
export function renderGroup({ name, results }: GroupResult): string {
  return [styleText('bold', name), ...results.flatMap(renderResult), ''].join('\n')
}

function renderResult({ name, status, detail, fix, milliseconds }: Result): string[] {
  if (status === 'skipped') return [styleText('dim', `–  ${name}: skipped, ${detail}`)]
  const line = `${status === 'warning' ? '⚠️ ' : SYMBOLS[status]} ${name}: ${detail} ${styleText('dim', `(${milliseconds} ms)`)}`
  return status === 'ok' || fix === undefined ? [line] : [line, `   → ${fix}`]
}

export function countOf(groups: readonly GroupResult[]): Counts {
  const counts = { ok: 0, warning: 0, failed: 0, skipped: 0 }
  for (const { results } of groups) for (const { status } of results) counts[status] += 1
  return counts
}

/** `14 ✅, 2 ⚠️, 1 ❌, 3 skipped` */
export const renderCounts = (counts: Counts): string =>
  Object.entries(SYMBOLS)
    .filter(([status]) => status !== 'skipped' || counts.skipped > 0)
    .map(([status, symbol]) => `${counts[status as Result['status']]} ${symbol}`)
    .join(', ')

/** For machines: the checks in a row, each with its group. */
export function toJson(groups: readonly GroupResult[]) {
  const counts = countOf(groups)
  return {
    status: counts.failed > 0 ? 'failed' : counts.warning > 0 ? 'warning' : 'ok',
    counts,
    checks: groups.flatMap(({ name: group, results }) => results.map((result) => ({ group, ...result }))),
  }
}
