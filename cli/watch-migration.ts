import { setTimeout as delay } from 'node:timers/promises'
import type { WorkflowHandle } from '@temporalio/client'
import cliProgress from 'cli-progress'
import type { MigrationProgress } from '../workflows/contract.ts'
import { migrationProgress } from '../workflows/contract.ts'

const POLL_MS = 1_000

/** A bar on a terminal, elsewhere a line every few seconds. */
export async function watchMigration(run: WorkflowHandle, signal: AbortSignal): Promise<void> {
  const bar = new cliProgress.SingleBar(
    {
      format: '{bar} {value}/{total} files · {moved} moved · {failed} failed',
      barsize: 30,
      hideCursor: true,
      emptyOnZero: true,
      noTTYOutput: true,
      notTTYSchedule: 5_000,
      stream: process.stderr,
    },
    cliProgress.Presets.shades_classic,
  )
  bar.start(0, 0, { moved: 0, failed: 0 })
  while (!signal.aborted) {
    show(bar, await progressOf(run))
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
  show(bar, await progressOf(run))
  bar.stop()
}

/** While no worker is there, nobody can tell; the run's result is waited for all the same. */
const progressOf = (run: WorkflowHandle) => run.query(migrationProgress).catch(() => undefined)

function show(bar: cliProgress.SingleBar, progress: MigrationProgress | undefined): void {
  if (!progress) return
  const { files, moved, failed } = progress
  bar.setTotal(files)
  bar.update(moved + failed, { moved, failed })
}
