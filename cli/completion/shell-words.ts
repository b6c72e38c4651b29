import type { CompletedCommand } from './command-tree.ts'

/** As one word of any of the shells, taken as it stands. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** What leads from a command to one below it: `keys create`, or ` keys` from the program itself. */
export const steps = (commands: readonly CompletedCommand[]): string[] =>
  commands.flatMap(({ path, subcommands }) => subcommands.map(({ name }) => `${path} ${name}`))

/** Options that take one value, and those that take all up to the next option, each after its command. */
export const optionsOf = (commands: readonly CompletedCommand[], variadic: boolean): string[] =>
  commands.flatMap(({ path, options }) =>
    options.filter((option) => option.values && option.variadic === variadic).map(({ flag }) => `${path} ${flag}`),
  )
