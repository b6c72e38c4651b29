import type { CompletedCommand } from './command-tree.ts'
import type { Dialect } from './posix-completion.ts'
import { completionBody } from './posix-completion.ts'
import { quoted } from './shell-words.ts'

const BASH: Dialect = {
  words: (candidates) =>
    `COMPREPLY=($(compgen -W ${quoted(candidates.map(({ word }) => word).join(' '))} -- "$current"))`,
  // Bash 3.2, which macOS has, knows of no compopt: `-o default` offers files where there is nothing else.
  paths: 'COMPREPLY=()',
}

/** For bash, from 3.2 on; needs nothing but bash. */
export const bashCompletion = (name: string, commands: readonly CompletedCommand[]): string => `_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]}
  local before=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
  COMPREPLY=()
${completionBody(commands, BASH)}
}
complete -o default -F _${name} ${name}
`
