import assert from 'node:assert/strict'
import { appendFile, readFile } from 'node:fs/promises'
import { FILES } from './harbour-log.ts'
import { infrastructure } from './infrastructure.ts'
import type { Outcome } from './ingestion.ts'
import { textTable } from './text-table.ts'

const HEAD = [
  'fault',
  'files',
  'vectors expected/found',
  'duplicates',
  'vectors of failed files',
  'extra embedding requests',
  'seconds',
]

/**
 * Whatever happened, a run ends as one without faults: the same vectors with the same texts, none twice, none of a failed
 * file, and no more embedding requests than `allowedRequests` beyond those that it needs.
 */
export async function assertUnharmed(fault: string, outcome: Outcome, reference: Outcome, allowedRequests: number) {
  await report(fault, outcome, reference)
  assert.deepEqual(byName(outcome), byName(reference))
  assert.equal(outcome.duplicates, 0, 'texts that are stored twice')
  assert.equal(outcome.vectorsOfFailedFiles, 0, 'vectors of the file that failed')
  assert.ok(outcome.extraRequests <= allowedRequests, `${outcome.extraRequests} embedding requests were made in vain`)
}

const byName = ({ texts }: Outcome) => [...texts].sort(([a], [b]) => a.localeCompare(b))

/** Test files are processes of their own, so the rows are kept in a file until all have run. */
async function report(fault: string, found: Outcome, reference: Outcome): Promise<void> {
  const row = [
    fault,
    FILES,
    `${reference.vectors}/${found.vectors}`,
    found.duplicates,
    found.vectorsOfFailedFiles,
    found.extraRequests,
    found.seconds.toFixed(1),
  ]
  await appendFile(infrastructure().faultReport, `${JSON.stringify(row)}\n`)
}

/** The table of all faults that were tried, or undefined where there were none. */
export async function faultTable(path: string): Promise<string | undefined> {
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter(Boolean)
  if (lines.length === 0) return undefined
  return textTable([HEAD, ...lines.map((line) => JSON.parse(line) as string[])]).join('\n')
}
