import { styleText } from 'node:util'

export type NamedFailure = { readonly name: string; readonly code: string; readonly message: string }

type Options = {
  /** How many that share a sentence are named. */
  readonly names?: number
  readonly stream?: NodeJS.WriteStream
}

/** A line for each failure; those that share a sentence are under it, the first few by name. */
export function failureLines(failures: readonly NamedFailure[], options: Options = {}): string[] {
  const bySentence = Map.groupBy(failures, ({ code, message }) => `${code}. ${message}`)
  return [...bySentence].flatMap(([sentence, group]) => groupLines(sentence, group, options))
}

function groupLines(sentence: string, group: readonly NamedFailure[], { names = 5, stream = process.stdout }: Options) {
  const mark = `  ${styleText('red', '✘', { stream })}`
  const [{ name } = { name: '' }, ...others] = group
  if (others.length === 0) return [`${mark} ${name}: ${sentence}`]
  const rest = group.length - names
  return [
    `${mark} ${group.length.toLocaleString('en')} files: ${sentence}`,
    ...group.slice(0, names).map((each) => `      ${each.name}`),
    ...(rest > 0 ? [`      … and ${rest.toLocaleString('en')} more`] : []),
  ]
}
