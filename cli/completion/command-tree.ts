import type { Command, Option } from 'commander'

/** What can stand in a place: paths of this machine, one of some words, or anything else. */
export type Values =
  | { readonly kind: 'paths' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'text' }

export type CompletedOption = {
  readonly flag: string
  readonly description: string
  /** Undefined: it takes none. */
  readonly values: Values | undefined
  readonly variadic: boolean
}

/** A command as a shell sees it. */
export type CompletedCommand = {
  /** The words that lead to it, such as `keys create`; empty for the program itself. */
  readonly path: string
  readonly options: readonly CompletedOption[]
  readonly subcommands: readonly { readonly name: string; readonly description: string }[]
  readonly values: Values
}

/** A command and all below it. */
export function commandTree(command: Command, path = ''): CompletedCommand[] {
  const help = command.createHelp()
  const subcommands = help.visibleCommands(command)
  const [argument] = command.registeredArguments
  const own = {
    path,
    options: help.visibleOptions(command).flatMap(toCompleted),
    subcommands: subcommands.map((each) => ({ name: each.name(), description: sentence(each.description()) })),
    values: valuesOf(argument?.name() ?? '', argument?.argChoices),
  }
  const below = command.commands.flatMap((each) => commandTree(each, `${path} ${each.name()}`.trim()))
  return [own, ...below]
}

const toCompleted = (option: Option): CompletedOption[] =>
  option.long === undefined || option.long === null
    ? []
    : [
        {
          flag: option.long,
          description: sentence(option.description),
          values: option.required || option.optional ? valuesOf(option.flags, option.argChoices) : undefined,
          variadic: option.variadic,
        },
      ]

/** A placeholder that is called path stands for one. */
function valuesOf(placeholder: string, choices: readonly string[] | undefined): Values {
  if (choices) return { kind: 'words', words: choices }
  return { kind: /\bpath\b/.test(placeholder) ? 'paths' : 'text' }
}

const sentence = (text: string): string => text.split(/(?<=\.) /)[0]?.replace(/\.$/, '') ?? ''
