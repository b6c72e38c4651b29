/** A statement of an answer: `answer.slice(start, end)` with its markers, `text` without them. */
export type CitedStatement = {
  readonly text: string
  readonly start: number
  readonly end: number
  /** The numbers of the passages that it cites, in ascending order; none where it cites nothing. */
  readonly citations: readonly number[]
}

const SENTENCES = new Intl.Segmenter('und', { granularity: 'sentence' })

/** A marker in an answer, with the space before it: `answer.slice(start, end)`. */
export type Citation = { readonly number: number; readonly start: number; readonly end: number }
type Span = { readonly start: number; end: number }

/**
 * The sentences of an answer, with what each of them cites. A marker behind the full stop belongs to the sentence before it,
 * one at the beginning of a line to the sentence behind it.
 * @param answer as `CitationMarkers` lets it through
 * @param markers its citations, in their order
 */
export function citedStatements(answer: string, markers: readonly Citation[]): CitedStatement[] {
  const spans = sentencesOf(blank(answer, markers))
  const cited = markers.map((marker) => ({ ...marker, span: owner(answer, spans, marker, markers) }))
  // A marker behind a sentence is within it.
  for (const { span, end } of cited) if (span) span.end = Math.max(span.end, end)
  return spans.map((span) => {
    const numbers = cited.filter((marker) => marker.span === span).map(({ number }) => number)
    const text = cut(answer, span, markers).trim()
    return { text, start: span.start, end: span.end, citations: [...new Set(numbers)].sort((a, b) => a - b) }
  })
}

/** The answer with spaces for markers, so that they neither end a sentence nor begin one. */
function blank(answer: string, markers: readonly Citation[]): string {
  let text = ''
  for (const { start, end } of markers) text += answer.slice(text.length, start) + ' '.repeat(end - start)
  return text + answer.slice(text.length)
}

/** That part of the answer without the markers in it. */
function cut(answer: string, { start, end }: Span, markers: readonly Citation[]): string {
  let [text, from] = ['', start]
  for (const marker of markers.filter((each) => each.start >= start && each.end <= end)) {
    text += answer.slice(from, marker.start)
    from = marker.end
  }
  return text + answer.slice(from, end)
}

/** What goes with the sentence behind it in its line: the number or the dash of a list, the marks of a heading. */
const LEAD = /^[\p{P}\p{S}\s]*(?:\d{1,3}[.)])?$/u

/** Without the white space around them; each has a letter or a number. */
function sentencesOf(text: string): Span[] {
  const spans: Span[] = []
  let begun: number | undefined
  for (const { segment, index } of SENTENCES.segment(text)) {
    const bare = segment.trim()
    const start = begun ?? index + segment.indexOf(bare)
    const isLast = segment.endsWith('\n') || index + segment.length === text.length
    begun = LEAD.test(bare) && !isLast ? start : undefined
    if (begun === undefined && /[\p{L}\p{N}]/u.test(text.slice(start, index) + bare))
      spans.push({ start, end: index + segment.trimEnd().length })
  }
  return spans
}

function owner(
  answer: string,
  spans: readonly Span[],
  { start, end }: Citation,
  markers: readonly Citation[],
): Span | undefined {
  const before = spans.findLast((span) => span.start < end)
  if (before && start < before.end) return before
  const line = cut(answer, { start: answer.lastIndexOf('\n', start) + 1, end: start }, markers)
  const after = spans.find((span) => span.start >= end)
  const isInLine = after && !answer.slice(end, after.start).includes('\n')
  return (line.trim() === '' && isInLine ? after : before) ?? after
}
