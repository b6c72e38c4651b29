import { Argument, Command } from 'commander'
import { bashCompletion } from './completion/bash-completion.ts'
import { commandTree } from './completion/command-tree.ts'
import { fishCompletion } from './completion/fish-completion.ts'
import { zshCompletion } from './completion/zsh-completion.ts'

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }

/** Made of the commands themselves, so that a new one is in it. */
export const completion = (program: Command) =>
  new Command('completion')
    .description('Print a script that completes commands, options and paths at the Tab key.')
    .addArgument(new Argument('<shell>', 'whose script').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', '\nbash, in ~/.bashrc: source <(expertsmith completion bash)')
    .action((shell: keyof typeof SCRIPTS) => {
      process.stdout.write(SCRIPTS[shell](program.name(), commandTree(program)))
    })
