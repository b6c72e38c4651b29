import { setTimeout as delay } from 'node:timers/promises'
import type { WorkflowHandle } from '@temporalio/client'
import type { MigrationProgress } from '../workflows/contract.ts'
import { migrationProgress } from '../workflows/contract.ts'
import { count } from './output.ts'
import { ProgressLine } from './progress-line.ts'

const POLL_MS = 1_000

/** Shows nothing as long as there is nothing to move. */
export async function watchMigration(run: WorkflowHandle, signal: AbortSignal): Promise<void> {
  const line = new ProgressLine()
  while (!signal.aborted) {
    show(line, await progressOf(run))
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
  show(line, await progressOf(run))
  line.stop()
}

/** While no worker is there, nobody can tell; the run's result is waited for all the same. */
const progressOf = (run: WorkflowHandle) => run.query(migrationProgress).catch(() => undefined)

function show(line: ProgressLine, progress: MigrationProgress | undefined): void {
  if (!progress || progress.files === 0) return
  const { files, moved, failed } = progress
  const text = `${moved + failed}/${count(files, 'file')} · ${moved} moved · ${failed} failed`
  line.show({ value: moved + failed, total: files, text })
}
