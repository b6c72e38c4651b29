/** `expertsmith <command>`; docs/cli.md has them all. */
import { styleText } from 'node:util'
import { CommanderError } from 'commander'
import { ConfigurationError } from '../config.ts'
import { ApiError } from './api/api-error.ts'
import { EXIT } from './exit-codes.ts'
import { Interrupted } from './interrupt.ts'
import { say } from './output.ts'
import { plainText } from './plain-text.ts'
import { createProgram } from './program.ts'
import { UsageError } from './usage-error.ts'

// Whoever reads a part only, as head does, has what they want.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : EXIT.failed))

try {
  await createProgram().parseAsync()
} catch (error) {
  process.exitCode = tell(error)
}

/** Says what went wrong. @returns the exit code */
function tell(error: unknown): number {
  // Commander has said it, or has shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage
  // The latter by Ctrl-C at a question.
  if (error instanceof Interrupted || (error instanceof Error && error.name === 'AbortError')) {
    say(`\n${error.message}`)
    return EXIT.interrupted
  }
  const code = error instanceof ApiError ? `${error.code}: ` : ''
  const message = error instanceof Error ? error.message : String(error)
  say(`${styleText('red', '✘', { stream: process.stderr })} ${code}${plainText(message)}`)
  return error instanceof UsageError || error instanceof ConfigurationError ? EXIT.usage : EXIT.failed
}
