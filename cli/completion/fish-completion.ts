import type { CompletedCommand, CompletedOption, Values } from './command-tree.ts'
import { quoted as posixQuoted, steps } from './shell-words.ts'

/** In fish a backslash escapes inside of quotes. */
const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

export function fishCompletion(name: string, commands: readonly CompletedCommand[]): string {
  return `# Whether the words before the cursor lead to this command.
function __${name}_at
  set -l at
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case ${steps(commands).map(posixQuoted).join(' ')}
        set at (string trim -- "$at $word")
    end
  end
  test "$at" = "$argv"
end
complete -c ${name} -f
${commands.flatMap((command) => linesOf(name, command)).join('\n')}
`
}

function linesOf(name: string, { path, options, subcommands, values }: CompletedCommand): string[] {
  const line = `complete -c ${name} -n ${quoted(`__${name}_at ${path}`.trim())}`
  return [
    ...subcommands.map((each) => `${line} -a ${each.name} -d ${quoted(each.description)}`),
    ...options.map((option) => `${line} ${flagOf(option)} -d ${quoted(option.description)}`),
    ...(subcommands.length === 0 && values.kind !== 'text' ? [`${line} ${argumentOf(values)}`] : []),
  ]
}

function flagOf({ flag, values }: CompletedOption): string {
  const long = `-l ${flag.slice(2)}`
  if (!values) return long
  return values.kind === 'paths' ? `${long} -r -F` : `${long} -x ${argumentOf(values)}`.trimEnd()
}

function argumentOf(values: Values): string {
  if (values.kind === 'words') return `-a ${quoted(values.words.join(' '))}`
  return values.kind === 'paths' ? '-F' : ''
}
