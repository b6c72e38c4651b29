/** Offsets are UTF-16 code units. */
export type Heading = {
  readonly kind: 'heading'
  readonly start: number
  readonly end: number
  readonly depth: number
  readonly title: string
}

/** What a chunk should not be cut in, or only between its lines. It begins with its fence, or with the header row of the table. */
export type Block = {
  readonly kind: 'table' | 'code'
  readonly start: number
  /** Where the first line that may stand without the ones before it is preceded by its line break: a table's first row, or code. */
  readonly headEnd: number
  readonly end: number
}

/** A heading has at most 200 characters: the bound keeps the search linear. A line with a backtick behind its fence is inline code. */
const MARK =
  /^ {0,3}(?:(?<fence>`{3,}(?=[^`\n]*$)|~{3,})|(?<marks>#{1,6})[ \t]+(?<title>\S.{0,199})$|(?<delimiters>[|:-][|: \t-]*)$)/gm
const CLOSING_MARKS = /[ \t]#+[ \t]*$/
const CLOSING_FENCE = /^ {0,3}(?<fence>`{3,}|~{3,})[ \t]*$/gm
const TABLE_END = /\n(?=[^\S\n]*\n| {0,3}(?:`{3}|~{3}|#{1,6}[ \t]))/g
const DELIMITER_CELL = /^:?-+:?$/

/**
 * Headings (ATX), pipe tables and fenced code blocks, in their order, as GitHub Flavored Markdown 0.29 has them (4.2, 4.5,
 * 4.10). A table's columns are not counted.
 */
export function* markdownBlocks(text: string): Generator<Heading | Block> {
  for (let from = 0; ; ) {
    const mark = matchFrom(MARK, text, from)
    if (!mark) return
    const block = headingAt(mark) ?? codeAt(text, mark) ?? tableAt(text, mark, from)
    if (block) yield block
    from = block?.end ?? mark.index + mark[0].length
  }
}

function headingAt({ 0: line, index, groups }: RegExpExecArray): Heading | undefined {
  if (!groups?.marks || !groups.title) return undefined
  const title = groups.title.replace(CLOSING_MARKS, '').trim()
  return { kind: 'heading', start: index, end: index + line.length, depth: groups.marks.length, title }
}

/** To the end of the text where nothing closes it. */
function codeAt(text: string, { 0: line, index, groups }: RegExpExecArray): Block | undefined {
  const opening = groups?.fence
  if (!opening) return undefined
  const start = index + line.indexOf(opening)
  const headEnd = lineEnd(text, start)
  return { kind: 'code', start, headEnd, end: codeEnd(text, headEnd, opening) }
}

function codeEnd(text: string, headEnd: number, opening: string): number {
  for (let from = headEnd; ; ) {
    const closing = matchFrom(CLOSING_FENCE, text, from)
    if (!closing) return text.length
    from = closing.index + closing[0].length
    if (closing.groups?.fence?.startsWith(opening)) return from
  }
}

/** The row of delimiters tells a table; its header is the line before, which must not belong to what ends at `least`. */
function tableAt(text: string, { index, groups }: RegExpExecArray, least: number): Block | undefined {
  if (!isDelimiterRow(groups?.delimiters ?? '') || text[index - 1] !== '\n') return undefined
  const headerStart = text.lastIndexOf('\n', index - 2) + 1
  const header = text.slice(headerStart, index - 1)
  if (headerStart < least || !header.includes('|')) return undefined
  const headEnd = lineEnd(text, index)
  const end = matchFrom(TABLE_END, text, headEnd)?.index ?? text.length
  return { kind: 'table', start: headerStart + header.search(/\S/), headEnd, end }
}

function isDelimiterRow(line: string): boolean {
  const cells = line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
  return line.includes('|') && cells.every((cell) => DELIMITER_CELL.test(cell.trim()))
}

const lineEnd = (text: string, from: number): number => {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

function matchFrom(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from
  return pattern.exec(text)
}
