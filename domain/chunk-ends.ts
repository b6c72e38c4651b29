import type { Block } from './markdown-blocks.ts'
import type { PagedText } from './paged-text.ts'
import type { LastEnd } from './text-boundaries.ts'
import {
  lastGraphemeEnd,
  lastLineEnd,
  lastParagraphEnd,
  lastSentenceEnd,
  lastWordEnd,
  trimmedEnd,
} from './text-boundaries.ts'
import type { Reach } from './token-reach.ts'

/** `torn`: inside of something that is kept whole where it fits: a sentence, a table's row, code. */
export type Cut = { readonly end: number; readonly torn: boolean }

/** A kind of boundary, and the share of a full chunk that must stand before one for it to be cut there. */
type Boundary = { readonly lastEnd: LastEnd; readonly minShare: number; readonly torn?: boolean }

/** In letters. Less text than that says too little by itself, and goes with the page behind it. */
const LEAST_ON_A_PAGE = 200
/** Of the last lines of a page that has other chunks: they are short, but stay where they are cited. */
const LEAST_OF_A_REST = 60
/** A character of Chinese, Japanese or Korean says as much as so many letters. */
const LETTERS_A_CHARACTER = 3
const WIDE = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}]/gu

/** Where at the earliest a page may end that begins at `from`, or a chunk of it. */
export function leastEnd(text: string, from: number, least = LEAST_ON_A_PAGE): number {
  const wide = text.slice(from, from + least).match(WIDE)?.length ?? 0
  // As dense as its beginning is.
  return from + Math.ceil(least / (1 + ((LETTERS_A_CHARACTER - 1) * wide) / least))
}

const ANYWHERE: readonly Boundary[] = [
  { lastEnd: lastWordEnd, minShare: 0.25, torn: true },
  { lastEnd: lastGraphemeEnd, minShare: 0, torn: true },
]

const IN_PROSE: readonly Boundary[] = [
  { lastEnd: lastParagraphEnd, minShare: 0.25 },
  { lastEnd: lastSentenceEnd, minShare: 0.25 },
  { lastEnd: lastLineEnd, minShare: 0.25, torn: true },
  ...ANYWHERE,
]

/** Between lines, with one line of the table or code at least, or else before it. `whole`: before it rather than in it. */
const inBlock = ({ start, headEnd }: Block, whole: boolean): readonly Boundary[] => {
  const after =
    (lastEnd: LastEnd): LastEnd =>
    (text, from, limit) => {
      const least = Math.max(from, headEnd + 1)
      const end = lastEnd(text, least, limit)
      return end > least ? end : from
    }
  return [
    { lastEnd: () => start, minShare: whole ? 0 : 0.5 },
    { lastEnd: after(lastParagraphEnd), minShare: 0.5, torn: whole },
    { lastEnd: after(lastLineEnd), minShare: 0, torn: whole },
    { lastEnd: () => start, minShare: 0 },
    ...ANYWHERE,
  ]
}

/** Knows where a chunk may end. */
export class ChunkEnds {
  readonly #paged: PagedText
  readonly #fits: (block: Block) => boolean
  readonly #anyText: readonly Boundary[]

  constructor(paged: PagedText, fits: (block: Block) => boolean) {
    this.#paged = paged
    this.#fits = fits
    const pageEnd: LastEnd = (text, from, limit) => {
      const isRest = paged.startsBefore(from).pageStart < from
      return paged.pageEndWithin(leastEnd(text, from, isRest ? LEAST_OF_A_REST : LEAST_ON_A_PAGE), limit)
    }
    const heading: LastEnd = (text, from, limit) => {
      const end = pageEnd(text, from, limit)
      return paged.headingBefore(end < 0 ? limit : end)
    }
    this.#anyText = [
      { lastEnd: heading, minShare: 0.5 },
      { lastEnd: pageEnd, minShare: 0 },
      { lastEnd: (text, from, limit) => (limit === text.length ? limit : from), minShare: 0 },
    ]
  }

  /** The strongest boundary beyond `next`. One that would leave too small a chunk is passed over for a weaker one. */
  strongest(from: number, next: number, reach: Reach): Cut {
    const { text } = this.#paged
    const block = this.#paged.blockAround(reach.end)
    for (const { lastEnd, minShare, torn = false } of this.#boundaries(block, next)) {
      const boundary = this.#behindBlock(lastEnd(text, from, reach.end), block)
      const end = boundary > next ? trimmedEnd(text, from, boundary) : next
      if (end > next && end - from >= minShare * reach.full) return { end, torn }
    }
    return { end: reach.end, torn: true }
  }

  #boundaries(block: Block | undefined, next: number): readonly Boundary[] {
    if (!block) return [...this.#anyText, ...IN_PROSE]
    const whole = block.kind === 'code' && block.start >= next && this.#fits(block)
    return [...this.#anyText, ...inBlock(block, whole)]
  }

  /** What lies in a table or code that ends within reach moves to its end. */
  #behindBlock(boundary: number, last: Block | undefined): number {
    const block = this.#paged.blockAround(boundary)
    return block && block !== last ? block.end : boundary
  }
}
