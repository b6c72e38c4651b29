import type { MigrationReceipt } from '../workflows/contract.ts'
import { EXIT } from './exit-codes.ts'
import { failureLines } from './failure-lines.ts'
import { count } from './output.ts'
import type { MigrationOutcome } from './run-migration.ts'

/** Files that failed, or a column that had to be kept, are for the next run. */
export function exitCodeOf({ receipt, drop }: MigrationOutcome): number | undefined {
  if (receipt.failed > 0 && receipt.moved === 0) return EXIT.failed
  return receipt.failed > 0 || drop?.left ? EXIT.partly : undefined
}

export function describeMigration(
  { receipt, drop }: MigrationOutcome,
  { dropColumn }: { readonly dropColumn: boolean },
): string[] {
  if (drop) return [...describeReceipt(receipt), describeDrop(drop.left, receipt.failed)]
  return [...describeReceipt(receipt), ...(dropColumn && receipt.column ? [wouldDrop(receipt)] : [])]
}

function describeReceipt(receipt: MigrationReceipt): string[] {
  const { column, dry_run, moved, moved_bytes, failed, left, left_bytes } = receipt
  if (!column) return ['There is nothing to migrate: the table of files has no column "content".']
  if (dry_run)
    return [`${count(left, 'file')} (${size(left_bytes)}) would be moved. Nothing was changed: this was a dry run.`]
  return [
    `Moved ${count(moved, 'file')} (${size(moved_bytes)}) to the object store, each read back and compared by its SHA-256.`,
    ...(failed > 0 ? describeFailures(receipt) : []),
    left > 0
      ? `${count(left, 'file')} (${size(left_bytes)}) ${left === 1 ? 'is' : 'are'} left in the database. Run this command again once the reasons are mended.`
      : 'No content is left in the database.',
  ]
}

function describeFailures({ failed, failed_files }: MigrationReceipt): string[] {
  const rest = failed - failed_files.length
  const named = failed_files.map(({ file_id, name, ...failure }) => ({ ...failure, name: `${name} (${file_id})` }))
  return [
    `${count(failed, 'file')} failed and kept ${failed === 1 ? 'its' : 'their'} content in the database:`,
    ...failureLines(named),
    ...(rest > 0 ? [`  … and ${rest.toLocaleString('en')} more, whose reasons the next run tells.`] : []),
  ]
}

const wouldDrop = ({ left }: MigrationReceipt) =>
  left > 0 ? 'The column would be dropped once they all are.' : 'The column would be dropped.'

function describeDrop(left: number | null, failed: number): string {
  if (left === null) return 'The column "content" was dropped already.'
  if (left === 0) return 'The column "content" is dropped.'
  const why =
    failed > 0 ? 'the reasons are above' : 'they came, or were not reached, while the command ran; run it again'
  return `The column "content" was kept: ${count(left, 'file')} still ${left === 1 ? 'has its' : 'have their'} bytes in it; ${why}.`
}

const size = (bytes: number) => `${bytes.toLocaleString('en')} bytes`
