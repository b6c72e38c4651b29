/** `npm run expertsmith -- <command>`: what an operator asks the workers to do. Every command has `--help`. */
import { styleText } from 'node:util'
import { Command } from 'commander'
import { housekeeping } from './housekeeping.ts'
import { keys } from './keys.ts'
import { migrateContent } from './migrate-content.ts'
import { s3 } from './operator/s3-setup.ts'

const program = new Command('expertsmith')
  .description(
    'Commands for whoever runs Expertsmith. The work is done by the workers, as workflows that the Web UI shows.',
  )
  .showHelpAfterError()
  .addCommand(keys())
  .addCommand(housekeeping())
  .addCommand(s3())

program
  .command('migrate-content')
  .description(
    'Move the contents of files that an older product kept in the database into the object store. Can be stopped and repeated at any time; a run that is open is joined.',
  )
  .option('--dry-run', 'only count what there is to move')
  .option('--drop-column', 'drop the column of contents, if nothing is left in it')
  .action(migrateContent)

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${styleText('red', '✘')} ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
