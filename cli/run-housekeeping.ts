import { loadTemporalClientConfig } from '../config.ts'
import type { Chore, HousekeepingReceipt } from '../domain/housekeeping.ts'
import { CHORES } from '../domain/housekeeping.ts'
import type { HousekeepingWorkflow } from '../workflows/contract.ts'
import { HOUSEKEEPING, housekeepingId } from '../workflows/contract.ts'
import { runWorkflow } from './run-workflow.ts'

export function runHousekeeping({
  dryRun = false,
  only,
}: {
  readonly dryRun?: boolean
  readonly only?: readonly Chore[]
}): Promise<HousekeepingReceipt> {
  const config = loadTemporalClientConfig()
  const chores = CHORES.filter((chore) => !only || only.includes(chore))
  // A run is joined only where it does just what was asked for: never a dry run for a real one, or the other way round.
  const asked = [...(dryRun ? ['dry-run'] : ['now']), ...(only ? chores : [])].join('-')
  return runWorkflow<HousekeepingWorkflow>(config, {
    type: HOUSEKEEPING,
    workflowId: `${housekeepingId(config.temporal.taskQueue)}-${asked}`,
    summary: dryRun ? 'Housekeeping, dry run' : 'Housekeeping',
    args: [{ dryRun, chores }],
  })
}
