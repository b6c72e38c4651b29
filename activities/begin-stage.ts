import { activityInfo } from '@temporalio/activity'
import type { Stage } from '../domain/failure.ts'
import { Failure } from '../domain/failure.ts'
import type { StoredFile } from '../domain/file.ts'
import type { FileContext, RunStore } from '../domain/ports.ts'

/** @throws Failure CANCELLED where the file is not to be processed any more: it was removed, or another run settled it */
export async function beginStage(runs: RunStore, file: FileContext, stage: Stage): Promise<StoredFile> {
  const stored = await runs.beginStage(file, stage, activityInfo().attempt)
  if (!stored) throw new Failure('CANCELLED', { ...file, stage })
  return stored
}
