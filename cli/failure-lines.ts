import { styleText } from 'node:util'
import { count } from './output.ts'
import { plainLine, plainText } from './plain-text.ts'

export type NamedFailure = { readonly name: string; readonly code: string; readonly message: string }

type Options = {
  /** What one of them is called. */
  readonly what?: string
  /** How many that share a sentence are named. */
  readonly names?: number
  readonly stream?: NodeJS.WriteStream
}

/** A line for each failure; those that share a sentence are under it, the first few by name. */
export function failureLines(failures: readonly NamedFailure[], options: Options = {}): string[] {
  const bySentence = Map.groupBy(failures, ({ code, message }) => plainText(`${code}. ${message}`))
  return [...bySentence].flatMap(([sentence, group]) => groupLines(sentence, group, options))
}

function groupLines(sentence: string, group: readonly NamedFailure[], options: Options) {
  const { what = 'file', names = 5, stream = process.stdout } = options
  const mark = `  ${styleText('red', '✘', { stream })}`
  const [{ name } = { name: '' }, ...others] = group
  if (others.length === 0) return [`${mark} ${plainLine(name)}: ${sentence}`]
  const rest = group.length - names
  return [
    `${mark} ${count(group.length, what)}: ${sentence}`,
    ...group.slice(0, names).map((each) => `      ${plainLine(each.name)}`),
    ...(rest > 0 ? [`      … and ${rest.toLocaleString('en')} more`] : []),
  ]
}
