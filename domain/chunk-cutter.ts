import { ChunkEnds, leastEnd } from './chunk-ends.ts'
import type { Block } from './markdown-blocks.ts'
import type { PagedText } from './paged-text.ts'
import { codePointAfter, codePointEnd, sentenceEnds, trimmedEnd } from './text-boundaries.ts'
import type { TokenLimit } from './token-reach.ts'
import { MAX_UNITS_PER_TOKEN, NEARLY_FULL, TokenReach } from './token-reach.ts'

/** `text` is that from `start` to `end`, behind the header of the table that `start` lies in. */
export type Passage = { readonly start: number; readonly end: number; readonly text: string; readonly tokens: number }

/** The most of a chunk that a repeated header may take. */
const MAX_HEADER_SHARE = 0.25

/** Decides where chunks begin and end. */
export class ChunkCutter {
  readonly #paged: PagedText
  readonly #limit: TokenLimit
  readonly #overlapTokens: number
  readonly #reach: TokenReach
  readonly #ends: ChunkEnds
  #header: { readonly table: Block; readonly text: string } | undefined

  constructor(paged: PagedText, { overlapTokens, ...limit }: TokenLimit & { readonly overlapTokens: number }) {
    this.#paged = paged
    this.#limit = limit
    this.#overlapTokens = Math.min(overlapTokens, Math.floor(limit.maxTokens / 2))
    this.#reach = new TokenReach(paged.text, limit)
    this.#ends = new ChunkEnds(paged, ({ start, end }) => this.#fitting(start, end) !== undefined)
  }

  /** The chunk that ends beyond `next`. Begins at `from`, or at `next` where the overlap would make it tear a sentence. */
  cut(from: number, next: number): Passage {
    const overlapping = from < next ? this.#tryCut(from, next, NEARLY_FULL) : undefined
    if (overlapping && !overlapping.torn) return overlapping
    const fresh = this.#tryCut(next, next, NEARLY_FULL)
    // Only now is it worth looking for the very last token: what is torn is over the limit by itself.
    const passage = fresh?.torn ? (this.#whole(next) ?? this.#tryCut(next, next, 1)) : fresh
    if (!passage) throw new RangeError(`no chunk ends beyond offset ${next}`)
    return passage
  }

  /** Where the next chunk begins: as many whole sentences before `end` as may overlap, or else `next`, where new text begins. */
  overlapStart({ start, end }: Passage, next: number): number {
    const { text } = this.#paged
    // Never from the page or the section before, so that a chunk that can stay in one does; nor is a table or code repeated.
    const { pageStart, headingStart, proseStart } = this.#paged.startsBefore(next)
    const earliest = Math.max(start, pageStart, headingStart, proseStart)
    const tail = Math.max(start, codePointEnd(text, end - this.#overlapTokens * MAX_UNITS_PER_TOKEN))
    if (earliest >= end || this.#overlapTokens === 0) return next
    const starts = this.#startsIn(tail, end, next)
    const tooEarly = starts.findLastIndex(
      (sentence) => sentence < earliest || this.#countTokens(sentence, end) > this.#overlapTokens,
    )
    return Math.min(starts[tooEarly + 1] ?? next, next)
  }

  /** Where sentences begin; and lines too, where the rest of a page is so short that it would go with the next one without them. */
  #startsIn(tail: number, end: number, next: number): number[] {
    const passage = this.#paged.text.slice(tail, end)
    const isRest = this.#paged.pageEndWithin(next, this.#paged.length) < leastEnd(this.#paged.text, next)
    const lines = isRest ? Array.from(passage.matchAll(/\n/g), ({ index }) => index + 1) : []
    return [...sentenceEnds(passage), ...lines]
      .sort((a, b) => a - b)
      .map((start) => this.#paged.skipBlanks(tail + start))
  }

  #tryCut(from: number, next: number, share: number): (Passage & { readonly torn: boolean }) | undefined {
    const { end: furthest, full } = this.#reach.from(from, share, this.#headerAt(from))
    const nearest = codePointAfter(this.#paged.text, next)
    for (let limit = furthest; limit >= nearest; ) {
      const { end, torn } = this.#ends.strongest(from, next, { end: limit, full })
      const passage = this.#passage(from, end)
      if (passage.tokens <= this.#limit.maxTokens || end <= codePointAfter(this.#paged.text, from))
        return { ...passage, torn }
      // Rare: a tokenizer may need more tokens for less text.
      limit = codePointEnd(this.#paged.text, end - 1)
    }
    return undefined
  }

  /** The code block or the row that begins at `next`, where it fits. */
  #whole(next: number): Passage | undefined {
    const block = this.#paged.blockAt(next)
    if (!block) return undefined
    if (block.kind === 'code') return block.start === next ? this.#fitting(next, block.end) : undefined
    const rowStart = Math.max(next, block.headEnd + 1)
    const rowEnd = this.#paged.text.slice(rowStart, next + this.#furthest + 1).indexOf('\n')
    return this.#fitting(next, rowEnd < 0 ? block.end : rowStart + rowEnd)
  }

  #fitting(start: number, end: number): Passage | undefined {
    if (end - start > this.#furthest) return undefined
    const passage = this.#passage(start, trimmedEnd(this.#paged.text, start, end))
    return passage.tokens <= this.#limit.maxTokens ? passage : undefined
  }

  #passage(start: number, end: number): Passage {
    const text = this.#headerAt(start) + this.#paged.text.slice(start, end)
    return { start, end, text, tokens: this.#limit.countTokens(text) }
  }

  /** What must stand in front of a chunk that begins at `offset`, so that a reader knows the columns of its rows. */
  #headerAt(offset: number): string {
    const table = this.#paged.blockAt(offset)
    if (table?.kind !== 'table' || offset <= table.headEnd) return ''
    if (this.#header?.table !== table) this.#header = { table, text: this.#headerOf(table) }
    return this.#header.text
  }

  #headerOf({ start, headEnd }: Block): string {
    if (headEnd - start > MAX_HEADER_SHARE * this.#furthest) return ''
    const lines = `${this.#paged.text.slice(start, headEnd).trimEnd()}\n`
    return this.#limit.countTokens(lines) <= MAX_HEADER_SHARE * this.#limit.maxTokens ? lines : ''
  }

  #countTokens(from: number, to: number): number {
    return this.#limit.countTokens(this.#paged.text.slice(from, to))
  }

  /** The most UTF-16 code units that a chunk may have. */
  get #furthest(): number {
    return this.#limit.maxTokens * MAX_UNITS_PER_TOKEN
  }
}
