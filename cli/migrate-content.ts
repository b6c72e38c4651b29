import type { Command } from 'commander'
import { newCommand } from './options.ts'
import { print, printJson } from './output.ts'

type Options = { readonly dryRun?: boolean; readonly dropColumn?: boolean; readonly json?: boolean }

export const migrateContent = (): Command =>
  newCommand(
    'migrate-content',
    'Move the contents of files that an older product kept in the database into the object store. Can be stopped and repeated at any time; a run that is open is joined.',
  )
    .option('--dry-run', 'only count what there is to move')
    .option('--drop-column', 'drop the column of contents, if nothing is left in it')
    .action(migrate)

async function migrate({ dryRun = false, dropColumn = false, json = false }: Options): Promise<void> {
  // Temporal's client takes longer to load than most commands to run.
  const { runMigration } = await import('./run-migration.ts')
  const { describeMigration, exitCodeOf } = await import('./describe-migration.ts')
  const outcome = await runMigration({ dryRun, dropColumn, quiet: json })
  if (json) printJson({ ...outcome.receipt, ...('drop' in outcome && { drop: outcome.drop }) })
  else for (const line of describeMigration(outcome, { dropColumn })) print(line)
  const code = exitCodeOf(outcome)
  if (code !== undefined) process.exitCode = code
}
