import { createInterface } from 'node:readline/promises'
import { plainLine } from './plain-text.ts'
import { UsageError } from './usage-error.ts'

/** Asks at the terminal; without one nobody could answer. @throws Error where the answer is not yes */
export async function confirm(question: string, { yes = false }: { readonly yes?: boolean }): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY) throw new UsageError('Without a terminal to ask at, --yes says that it is meant.')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`${plainLine(question)} [y/N] `).finally(() => terminal.close())
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error('Nothing was deleted.')
}
