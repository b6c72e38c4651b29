import type { CompletedCommand, Values } from './command-tree.ts'
import { optionsOf, quoted, steps } from './shell-words.ts'

/** How a shell is told of candidates. */
export type Dialect = {
  readonly words: (candidates: readonly Candidate[]) => string
  readonly paths: string
}
export type Candidate = { readonly word: string; readonly description: string }

/**
 * What bash and zsh have in common. `$at` is the command that the words before the cursor lead to, `$option` the option whose
 * value is to come, and `$current` what is typed of it.
 */
export function completionBody(commands: readonly CompletedCommand[], dialect: Dialect): string {
  return `  local at='' option='' word
  for word in "\${before[@]}"; do
    case "$word" in
      -*) option=$word; continue ;;
    esac
    case "$at $option" in
      ${pattern(optionsOf(commands, true))}) continue ;;
      ${pattern(optionsOf(commands, false))}) option=''; continue ;;
    esac
    option=''
    case "$at $word" in
      ${pattern(steps(commands))}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$current" in
    -*) option='' ;;
  esac
  case "$at $option" in
${commands.flatMap((command) => valueCases(command, dialect)).join('\n')}
  esac
  case "$at|$current" in
${commands.flatMap((command) => commandCases(command, dialect)).join('\n')}
  esac`
}

const pattern = (words: readonly string[]) => words.map(quoted).join('|')

const valueCases = ({ path, options }: CompletedCommand, dialect: Dialect) =>
  options.flatMap(({ flag, values }) =>
    values ? [`    ${quoted(`${path} ${flag}`)}) ${complete(values, dialect)}; return ;;`] : [],
  )

function commandCases({ path, options, subcommands, values }: CompletedCommand, dialect: Dialect): string[] {
  const flags = options.map(({ flag, description }) => ({ word: flag, description }))
  const names = subcommands.map(({ name, description }) => ({ word: name, description }))
  const rest = names.length > 0 ? dialect.words(names) : complete(values, dialect)
  return [`    ${quoted(`${path}|-`)}*) ${dialect.words(flags)} ;;`, `    ${quoted(`${path}|`)}*) ${rest} ;;`]
}

function complete(values: Values, dialect: Dialect): string {
  if (values.kind === 'words') return dialect.words(values.words.map((word) => ({ word, description: '' })))
  return values.kind === 'paths' ? dialect.paths : ':'
}
