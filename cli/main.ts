/** `npm run expertsmith -- <command>`: what an operator asks the workers to do. Every command has `--help`. */
import { styleText } from 'node:util'
import { Command } from 'commander'
import { housekeeping } from './housekeeping.ts'

const program = new Command('expertsmith')
  .description(
    'Commands for whoever runs Expertsmith. The work is done by the workers, as workflows that the Web UI shows.',
  )
  .showHelpAfterError()
  .addCommand(housekeeping())

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${styleText('red', '✘')} ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
