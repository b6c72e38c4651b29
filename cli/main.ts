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

// Loaded when they are asked for: they bring the clients of all services along, which other commands do without.
program
  .command('doctor')
  .description(
    'Look at everything that Expertsmith needs: configuration, Postgres, Temporal and its workers, S3, Pinecone, OpenAI, the API. Says what is wrong and how to mend it; asking for an embedding costs one token. Ends with 3 where something is ❌, with 2 where variables cannot be read.',
  )
  .option('--json', 'print the checks as JSON')
  .action(async (options) => (await import('./operator/doctor.ts')).doctor(options))

program
  .command('rebuild-vectors')
  .description(
    'Store the vectors of experts again, of all where none is named: after the vector store was lost or restored from an older backup. What was embedded before is kept in the object store, so nothing is paid for. Their files are missing from searches until they are stored.',
  )
  .argument('[expert...]', 'ids of experts')
  .option('--json', 'print what was started as JSON')
  .action(async (experts, options) => (await import('./operator/rebuild-vectors.ts')).rebuildVectors(experts, options))

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${styleText('red', '✘')} ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
