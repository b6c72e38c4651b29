import type { PagedText } from './paged-text.ts'
import type { LastEnd } from './text-boundaries.ts'
import {
  codePointAfter,
  codePointEnd,
  lastGraphemeEnd,
  lastLineEnd,
  lastParagraphEnd,
  lastSentenceEnd,
  lastWordEnd,
  sentenceEnds,
  trimmedEnd,
} from './text-boundaries.ts'
import type { Reach, TokenLimit } from './token-reach.ts'
import { MAX_UNITS_PER_TOKEN, NEARLY_FULL, TokenReach } from './token-reach.ts'

type Cut = { readonly end: number; readonly insideSentence: boolean }
export type Passage = { readonly start: number; readonly end: number; readonly tokens: number }

/** A kind of boundary, and the share of a full chunk that must stand before one for it to be cut there. */
type Boundary = { readonly lastEnd: LastEnd; readonly minShare: number; readonly insideSentence?: true }

/** In UTF-16 code units. Less text than that says too little by itself, and goes with the page behind it. */
const LEAST_ON_A_PAGE = 200

/** Strongest first. A boundary that would leave too small a chunk is passed over for a weaker one. */
const boundariesOf = (paged: PagedText): readonly Boundary[] => [
  { lastEnd: (_text, from, limit) => paged.pageEndWithin(from + LEAST_ON_A_PAGE, limit), minShare: 0 },
  { lastEnd: (_text, _from, limit) => paged.headingBefore(limit), minShare: 0.5 },
  { lastEnd: (text, from, limit) => (limit === text.length ? limit : from), minShare: 0 },
  { lastEnd: lastParagraphEnd, minShare: 0.5 },
  { lastEnd: lastSentenceEnd, minShare: 0.25 },
  { lastEnd: lastLineEnd, minShare: 0.25, insideSentence: true },
  { lastEnd: lastWordEnd, minShare: 0.25, insideSentence: true },
  { lastEnd: lastGraphemeEnd, minShare: 0, insideSentence: true },
]

/** Decides where chunks begin and end. */
export class ChunkCutter {
  readonly #paged: PagedText
  readonly #limit: TokenLimit
  readonly #overlapTokens: number
  readonly #reach: TokenReach
  readonly #boundaries: readonly Boundary[]

  constructor(paged: PagedText, { overlapTokens, ...limit }: TokenLimit & { readonly overlapTokens: number }) {
    this.#paged = paged
    this.#limit = limit
    this.#overlapTokens = Math.min(overlapTokens, Math.floor(limit.maxTokens / 2))
    this.#reach = new TokenReach(paged.text, limit)
    this.#boundaries = boundariesOf(paged)
  }

  /** The chunk that ends beyond `next`. Begins at `from`, or at `next` where the overlap would make it cut a sentence. */
  cut(from: number, next: number): Passage {
    const overlapping = from < next ? this.#tryCut(from, next, NEARLY_FULL) : undefined
    if (overlapping && !overlapping.insideSentence) return overlapping
    const fresh = this.#tryCut(next, next, NEARLY_FULL)
    // Only now is it worth looking for the very last token: a sentence is cut when it is over the limit by itself.
    const passage = fresh?.insideSentence ? this.#tryCut(next, next, 1) : fresh
    if (!passage) throw new RangeError(`no chunk ends beyond offset ${next}`)
    return passage
  }

  /** Where the next chunk begins: as many whole sentences before `end` as may overlap, or else `next`, where new text begins. */
  overlapStart({ start, end }: Passage, next: number): number {
    const { text } = this.#paged
    const tail = Math.max(start, codePointEnd(text, end - this.#overlapTokens * MAX_UNITS_PER_TOKEN))
    // Never from the page before, so that a chunk that can stay on one page does.
    const earliest = this.#paged.pageStart(next)
    const starts = sentenceEnds(text.slice(tail, end)).map((sentenceEnd) => this.#paged.skipBlanks(tail + sentenceEnd))
    const tooEarly = starts.findLastIndex(
      (sentence) => sentence < earliest || this.#countTokens(sentence, end) > this.#overlapTokens,
    )
    return Math.min(starts[tooEarly + 1] ?? next, next)
  }

  #tryCut(from: number, next: number, share: number): (Passage & Cut) | undefined {
    const { end: furthest, full } = this.#reach.from(from, share)
    const nearest = codePointAfter(this.#paged.text, next)
    for (let limit = furthest; limit >= nearest; ) {
      const cut = this.#strongestCut(from, next, { end: limit, full })
      const tokens = this.#countTokens(from, cut.end)
      if (tokens <= this.#limit.maxTokens || cut.end <= codePointAfter(this.#paged.text, from))
        return { start: from, tokens, ...cut }
      // Rare: a tokenizer may need more tokens for less text.
      limit = codePointEnd(this.#paged.text, cut.end - 1)
    }
    return undefined
  }

  #strongestCut(from: number, next: number, reach: Reach): Cut {
    const { text } = this.#paged
    for (const { lastEnd, minShare, insideSentence = false } of this.#boundaries) {
      const boundary = lastEnd(text, from, reach.end)
      const end = boundary > next ? trimmedEnd(text, from, boundary) : next
      if (end > next && end - from >= minShare * reach.full) return { end, insideSentence }
    }
    return { end: reach.end, insideSentence: true }
  }

  #countTokens(from: number, to: number): number {
    return this.#limit.countTokens(this.#paged.text.slice(from, to))
  }
}
