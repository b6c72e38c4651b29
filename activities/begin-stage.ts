import { activityInfo } from '@temporalio/activity'
import type { Stage } from '../domain/failure.ts'
import { Failure } from '../domain/failure.ts'
import type { BegunStage, FileContext, FileRuns } from '../domain/ports.ts'

/** @throws Failure CANCELLED where the file is not to be processed any more: it was removed, or another run settled it */
export async function beginStage(runs: FileRuns, file: FileContext, stage: Stage): Promise<BegunStage> {
  const begun = await runs.beginStage(file, stage, activityInfo().attempt)
  if (!begun) throw new Failure('CANCELLED', { ...file, stage })
  return begun
}
