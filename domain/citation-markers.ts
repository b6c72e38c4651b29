import type { Citation } from './cited-statements.ts'
import { isInFence, nextCode } from './markdown-code.ts'

/* Citations in an answer as it is written: [1], or [1][3]; models also write [1, 3]. [0] says that no passage answers. */

const MARKER = /[ \t]?\[(?=[\d, \t]{1,40}\])\d{1,3}(?:[ \t]*,[ \t]*\d{1,3})*\]/y
/** What may still become a marker, with the space before it. */
const UNFINISHED = /[ \t]?(?:\[[\d, \t]{0,40})?$/y
const PLAIN = /\n|.[^[` \t\n]*/sy
const OPEN = /\[[\d, \t]*$/
/** Behind this, as in `values[0]`, a bracket is an index rather than a citation. */
const IDENTIFIER_END = /[A-Za-z_$][\w$]*$/
/** More than enough to tell whether a line can begin or end a block of code. */
const LINE_BEGINNING = 100
const NONE = 0

/**
 * Lets an answer through as it is written, with one form of marker, `[1][3]`, and with those only that stand for a passage.
 * Brackets in code are left as they are, and so is an index, `values[0]`, that stands for no passage.
 * What may be the beginning of a marker, or of code, is kept back until it is known, so that none is split.
 */
export class CitationMarkers {
  readonly #passages: number
  #held = ''
  #shown = ''
  /** How the line begins that is being written, without what is held. */
  #line = ''
  #fence = ''
  #indexEnd = -1
  /** The citations that are shown, in their order, each with the space before it. */
  readonly citations: Citation[] = []
  /** How many citations were taken out, since nothing was given under their numbers. */
  removed = 0
  /** Whether the model said, before anything else, that the passages do not have the answer. */
  isUnanswered = false

  /** @param passages how many were given: 1 … passages may be cited */
  constructor(passages: number) {
    this.#passages = passages
  }

  /** All that was let through. */
  get shown(): string {
    return this.#shown
  }

  /** @returns what can be shown by now */
  push(text: string): string {
    return this.#take(this.#held + text, false)
  }

  /** @returns what was kept back, once nothing more comes */
  end(): string {
    return this.#take(this.#held, true)
  }

  #take(text: string, isLast: boolean): string {
    const start = this.#shown.length
    let position = 0
    while (position < text.length) {
      const taken = this.#fence ? this.#inFence(text, position, isLast) : this.#outside(text, position, isLast)
      if (taken === undefined) break
      const line = text.slice(position, taken)
      this.#line = line.endsWith('\n') ? '' : (this.#line + line).slice(0, LINE_BEGINNING)
      position = taken
    }
    this.#held = text.slice(position)
    return this.#shown.slice(start)
  }

  /** Takes a line of code, or what there is of it. @returns its end; undefined where that is not known yet */
  #inFence(text: string, start: number, isLast: boolean): number | undefined {
    const found = isInFence(this.#line, text.slice(start), { fence: this.#fence, isLast })
    if (!found) return undefined
    if (found.isClosed) this.#fence = ''
    this.#show(text.slice(start, start + found.length))
    return start + found.length
  }

  #outside(text: string, start: number, isLast: boolean): number | undefined {
    if (text[start] === '`') {
      const code = nextCode(this.#line, text.slice(start), isLast)
      if (!code) return undefined
      this.#fence = code.fence
      this.#show(text.slice(start, start + code.length))
      return start + code.length
    }
    const marker = matchAt(MARKER, text, start)
    if (marker !== undefined) {
      this.#cite(marker)
      return start + marker.length
    }
    if (!isLast && matchAt(UNFINISHED, text, start)) return undefined
    const { length } = matchAt(PLAIN, text, start) ?? ''
    this.#show(text.slice(start, start + length))
    return start + length
  }

  #show(text: string): void {
    // An answer that began with a marker which is not shown.
    const lead = this.isUnanswered ? /^[\s.,:;!?–—]+/ : /^\s+/
    this.#shown += this.#shown === '' ? text.replace(lead, '') : text
  }

  #cite(marker: string): void {
    const numbers = (marker.match(/\d+/g) ?? []).map(Number)
    const known = numbers.filter((number) => number > NONE && number <= this.#passages)
    if (known.length === 0 && this.#isIndex(marker)) {
      this.#show(marker)
      this.#indexEnd = this.#shown.length
      return
    }
    this.isUnanswered ||= this.#shown === '' && numbers.includes(NONE)
    this.removed += numbers.filter((number) => number !== NONE).length - known.length
    for (const [i, number] of known.entries()) {
      const start = this.#shown.length
      this.#show(`${i === 0 ? (/^[ \t]?/.exec(marker)?.[0] ?? '') : ''}[${number}]`)
      this.citations.push({ number, start, end: this.#shown.length })
    }
    // What stands around it must not become a marker: [7[9]].
    if (known.length === 0 && OPEN.test(this.#shown.slice(-50))) this.#show('.')
  }

  #isIndex(marker: string): boolean {
    return (
      marker.startsWith('[') && (IDENTIFIER_END.test(this.#shown.slice(-50)) || this.#indexEnd === this.#shown.length)
    )
  }
}

/** What was said in an earlier answer without its citations, which were of the passages of that answer. */
export function withoutMarkers(said: string): string {
  const markers = new CitationMarkers(999)
  markers.push(said)
  markers.end()
  let [text, end] = ['', 0]
  for (const citation of markers.citations) {
    text += markers.shown.slice(end, citation.start)
    end = citation.end
  }
  return text + markers.shown.slice(end)
}

function matchAt(pattern: RegExp, text: string, start: number): string | undefined {
  pattern.lastIndex = start
  return pattern.exec(text)?.[0]
}
