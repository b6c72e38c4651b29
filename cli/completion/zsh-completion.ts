import type { CompletedCommand } from './command-tree.ts'
import type { Candidate, Dialect } from './posix-completion.ts'
import { completionBody } from './posix-completion.ts'
import { quoted } from './shell-words.ts'

const described = ({ word, description }: Candidate) =>
  quoted(`${word.replaceAll(':', '\\:')}${description && `:${description}`}`)

const ZSH: Dialect = {
  words: (candidates) => `candidates=(${candidates.map(described).join(' ')}); _describe -t words candidate candidates`,
  paths: '_files',
}

/** For zsh: sourced, or as a file of `fpath`. */
export const zshCompletion = (name: string, commands: readonly CompletedCommand[]): string => `#compdef ${name}
_${name}() {
  local -a candidates before
  local current=\${words[CURRENT]}
  before=("\${(@)words[2,CURRENT-1]}")
${completionBody(commands, ZSH)}
}
if [ "$funcstack[1]" = _${name} ]; then
  _${name} "$@"
else
  (( $+functions[compdef] )) || { autoload -U compinit && compinit }
  compdef _${name} ${name}
fi
`
