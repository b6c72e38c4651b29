import { loadTemporalClientConfig } from '../config.ts'
import type { DropContentColumnWorkflow, MigrateContentWorkflow, MigrationReceipt } from '../workflows/contract.ts'
import {
  DROP_CONTENT_COLUMN,
  dropContentColumnId,
  MIGRATE_CONTENT,
  migrateContentDryRunId,
  migrateContentId,
} from '../workflows/contract.ts'
import { runWorkflow } from './run-workflow.ts'
import { watchMigration } from './watch-migration.ts'

export type MigrationOutcome = {
  readonly receipt: MigrationReceipt
  /** Where the column was to be dropped. `left`: files that kept it; null where it was gone already. */
  readonly drop?: { readonly left: number | null }
}

type Options = { readonly dryRun: boolean; readonly dropColumn: boolean; readonly quiet: boolean }

/** Moves the contents, and then drops the column, where that is asked for. */
export async function runMigration({ dryRun, dropColumn, quiet }: Options): Promise<MigrationOutcome> {
  const config = loadTemporalClientConfig()
  const { taskQueue } = config.temporal
  const workflowId = dryRun ? migrateContentDryRunId(taskQueue) : migrateContentId(taskQueue)
  const run = { type: MIGRATE_CONTENT, workflowId, args: [{ dryRun }] as [{ dryRun: boolean }] }
  const receipt = await runWorkflow<MigrateContentWorkflow>(config, run, dryRun || quiet ? undefined : watchMigration)
  if (!receipt.column || !dropColumn || dryRun) return { receipt }
  const drop = { type: DROP_CONTENT_COLUMN, workflowId: dropContentColumnId(taskQueue), args: [] as [] }
  return { receipt, drop: await runWorkflow<DropContentColumnWorkflow>(config, drop) }
}
