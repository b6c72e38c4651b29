/* Code in Markdown that is still being written: https://spec.commonmark.org/0.31.2/#code-spans, #fenced-code-blocks */

type Options = { readonly fence: string; readonly isLast: boolean }

/**
 * A span of code, or the first line of a fenced block, at the beginning of `text`; a run of backticks that begins nothing is plain.
 * Spans end in their line. @returns undefined where more of the text must be known
 */
export function nextCode(line: string, text: string, isLast: boolean): { length: number; fence: string } | undefined {
  const run = /^`+/.exec(text)?.[0] ?? ''
  const { end, isWhole } = lineOf(text, isLast)
  const rest = text.slice(run.length, end)
  const isFence = run.length >= 3 && line.trim() === '' && !rest.includes('`')
  if (isFence && isWhole) return { length: end, fence: run }
  const closing = [...rest.matchAll(/`+/g)].find(({ 0: other }) => other === run)
  const closed = closing && run.length + closing.index + run.length
  if (closed !== undefined && (isWhole || closed < end)) return { length: closed, fence: '' }
  return isWhole ? { length: run.length, fence: '' } : undefined
}

/** The line of a fenced block that `text` goes on with, and whether it ends the block. @returns undefined as above */
export function isInFence(
  line: string,
  text: string,
  { fence, isLast }: Options,
): { length: number; isClosed: boolean } | undefined {
  const { end, isWhole } = lineOf(text, isLast)
  const whole = line + text.slice(0, end)
  if (!isWhole && /^[ \t]*`*[ \t]*$/.test(whole)) return undefined
  const isClosed = isWhole && /^[ \t]*`+\s*$/.test(whole) && whole.trim().length >= fence.length
  return { length: end, isClosed }
}

/** With its line break. */
function lineOf(text: string, isLast: boolean) {
  const lineBreak = text.indexOf('\n')
  return lineBreak < 0 ? { end: text.length, isWhole: isLast } : { end: lineBreak + 1, isWhole: true }
}
