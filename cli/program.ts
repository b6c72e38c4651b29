import { Command } from 'commander'
import project from '../package.json' with { type: 'json' }
import { ask } from './ask.ts'
import { completion } from './completion.ts'
import { create } from './create.ts'
import { deleteCommand } from './delete.ts'
import { files } from './files.ts'
import { housekeeping } from './housekeeping.ts'
import { keys } from './keys.ts'
import { migrateContent } from './migrate-content.ts'
import { doctor, rebuildVectors, s3, setup } from './operator-commands.ts'
import { urlOption } from './options.ts'
import { reindex } from './reindex.ts'
import { retry } from './retry.ts'
import { search } from './search.ts'
import { status } from './status.ts'
import { upload } from './upload.ts'
import { UsageError } from './usage-error.ts'

/** All commands. `.parseAsync` throws CommanderError where arguments are wrong, or help was shown. */
export function createProgram(): Command {
  const program = new Command('expertsmith')
    .description('Experts from your files, at a terminal: a client of the HTTP API, and commands for its operator.')
    .version(project.version, '--version', 'print the version')
    .addOption(urlOption())
    .enablePositionalOptions()
    .hook('preAction', handDownUrl)
    .commandsGroup('Files and experts:')
    .addCommand(upload())
    .addCommand(files())
    .addCommand(create())
    .addCommand(status())
    .addCommand(retry())
    .addCommand(reindex())
    .addCommand(search())
    .addCommand(ask())
    .addCommand(deleteCommand())
    .commandsGroup('For the operator:')
    .addCommand(doctor())
    .addCommand(keys())
    .addCommand(s3())
    .addCommand(setup())
    .addCommand(housekeeping())
    .addCommand(rebuildVectors())
    .addCommand(migrateContent())
    .commandsGroup('This command:')
    .helpCommand('help [command]', 'Show the help of a command.')
  program.addCommand(completion(program))
  prepare(program)
  return program
}

/** `expertsmith --url … status` is `expertsmith status --url …`. @throws UsageError where that has no such option */
function handDownUrl(program: Command, command: Command): void {
  const { url } = program.opts<{ url?: string }>()
  if (url === undefined) return
  if (!command.options.some(({ long }) => long === '--url'))
    throw new UsageError(`expertsmith ${command.name()} does not ask the API, so --url means nothing to it.`)
  if (command.getOptionValue('url') === undefined) command.setOptionValue('url', url)
}

/** Of a command and those below it: errors are thrown, and name the help that has more. */
function prepare(command: Command, path = command.name()): void {
  command.exitOverride().showHelpAfterError(`(${path} --help tells more)`)
  for (const each of command.commands) prepare(each, `${path} ${each.name()}`)
}
