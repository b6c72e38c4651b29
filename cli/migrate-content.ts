import { styleText } from 'node:util'
import { loadCliConfig } from '../config.ts'
import type {
  DropContentColumnWorkflow,
  FailedMove,
  MigrateContentWorkflow,
  MigrationReceipt,
} from '../workflows/contract.ts'
import {
  DROP_CONTENT_COLUMN,
  dropContentColumnId,
  MIGRATE_CONTENT,
  migrateContentDryRunId,
  migrateContentId,
} from '../workflows/contract.ts'
import { runWorkflow } from './run-workflow.ts'
import { watchMigration } from './watch-migration.ts'

type Options = { readonly dryRun?: boolean; readonly dropColumn?: boolean }

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** `migrate-content`: prints the receipt; ends with code 1 where a file failed, or the column had to be kept. */
export async function migrateContent({ dryRun = false, dropColumn = false }: Options): Promise<void> {
  const config = loadCliConfig()
  const { taskQueue } = config.temporal
  const workflowId = dryRun ? migrateContentDryRunId(taskQueue) : migrateContentId(taskQueue)
  const run = { type: MIGRATE_CONTENT, workflowId, args: [{ dryRun }] as [{ dryRun: boolean }] }
  const receipt = await runWorkflow<MigrateContentWorkflow>(config, run, dryRun ? undefined : watchMigration)
  for (const line of describeReceipt(receipt)) print(line)
  if (receipt.failed > 0) process.exitCode = 1
  if (!receipt.column || !dropColumn) return
  if (dryRun) return print(wouldDrop(receipt))
  const drop = { type: DROP_CONTENT_COLUMN, workflowId: dropContentColumnId(taskQueue), args: [] as [] }
  const { left } = await runWorkflow<DropContentColumnWorkflow>(config, drop)
  if (left) process.exitCode = 1
  print(describeDrop(left, receipt.failed))
}

function describeReceipt(receipt: MigrationReceipt): string[] {
  const { column, dry_run, moved, moved_bytes, failed, failed_files, left, left_bytes } = receipt
  if (!column) return ['There is nothing to migrate: the table of files has no column "content".']
  if (dry_run) return [`${count(left)} (${size(left_bytes)}) would be moved. Nothing was changed: this was a dry run.`]
  const rest = failed - failed_files.length
  return [
    `Moved ${count(moved)} (${size(moved_bytes)}) to the object store, each read back and compared by its SHA-256.`,
    ...(failed > 0
      ? [`${count(failed)} failed and kept ${failed === 1 ? 'its' : 'their'} content in the database:`]
      : []),
    ...failed_files.map(describeFailure),
    ...(rest > 0 ? [`  … and ${rest} more.`] : []),
    left > 0
      ? `${count(left)} (${size(left_bytes)}) ${left === 1 ? 'is' : 'are'} left in the database. Run this command again once the reasons are mended.`
      : 'No content is left in the database.',
  ]
}

const describeFailure = ({ file_id, name, code, message }: FailedMove) =>
  `  ${styleText('red', '✘')} ${name} (${file_id}): ${code}. ${message}`

const wouldDrop = ({ left }: MigrationReceipt) =>
  left > 0 ? 'The column would be dropped once they all are.' : 'The column would be dropped.'

function describeDrop(left: number | null, failed: number): string {
  if (left === null) return 'The column "content" was dropped already.'
  if (left === 0) return 'The column "content" is dropped.'
  const why =
    failed > 0 ? 'the reasons are above' : 'they came, or were not reached, while the command ran; run it again'
  return `The column "content" was kept: ${count(left)} still ${left === 1 ? 'has its' : 'have their'} bytes in it; ${why}.`
}

const count = (files: number) => `${files.toLocaleString('en')} ${files === 1 ? 'file' : 'files'}`
const size = (bytes: number) => `${bytes.toLocaleString('en')} bytes`
