import type { Page } from './chunk.ts'
import { PAGE_BREAK } from './chunk.ts'
import type { Block, Heading } from './markdown-blocks.ts'
import { markdownBlocks } from './markdown-blocks.ts'

/** A heading, with the titles that it stands under, its own last. */
type Section = { readonly start: number; readonly path: readonly string[] }

/** A space counts as text where a mark sits on it: the two are one character to a reader. */
const NEXT_TEXT = /\S|\p{Space_Separator}(?=[\p{Grapheme_Extend}\p{Spacing_Mark}\p{Emoji_Modifier}\u200d])/gu

/** Pages joined by `PAGE_BREAK`, and what stands where in them. Offsets are UTF-16 code units. */
export class PagedText {
  readonly text: string
  readonly #pages: readonly Page[]
  readonly #pageStarts: number[] = []
  readonly #sections: Section[] = []
  readonly #blocks: Block[] = []
  #open: Pick<Heading, 'depth' | 'title'>[] = []

  constructor(pages: readonly Page[]) {
    this.text = pages.map((page) => page.text).join(PAGE_BREAK)
    this.#pages = pages
    let start = 0
    for (const page of pages) {
      this.#pageStarts.push(start)
      this.#readBlocks(page.text, start)
      start += page.text.length + PAGE_BREAK.length
    }
  }

  get length(): number {
    return this.text.length
  }

  /** The number of the page that holds the character at `offset`. */
  pageAt(offset: number): number {
    return this.#pages[this.#pageIndex(offset)]?.number ?? 1
  }

  /** Where the page that holds the character at `offset` begins, the heading that it stands under (-1 for none), and the prose. */
  startsBefore(offset: number): { pageStart: number; headingStart: number; proseStart: number } {
    return {
      pageStart: this.#pageStarts[this.#pageIndex(offset)] ?? 0,
      headingStart: this.headingBefore(offset),
      proseStart: this.#proseStart(offset),
    }
  }

  /** Where the first page that ends at or after `least` ends; -1 where that is beyond `limit`. */
  pageEndWithin(least: number, limit: number): number {
    const next = this.#pageStarts[this.#pageIndex(least + PAGE_BREAK.length - 1) + 1]
    const end = next === undefined ? this.length : next - PAGE_BREAK.length
    return end <= limit ? end : -1
  }

  /** Where the last heading at or before `offset` begins; -1 where there is none. */
  headingBefore(offset: number): number {
    return this.#sectionAt(offset)?.start ?? -1
  }

  /** Titles of the Markdown headings that `offset` stands under, outermost first. */
  headingPath(offset: number): readonly string[] {
    return this.#sectionAt(offset)?.path ?? []
  }

  /** The table or code block that holds the character at `offset`. */
  blockAt(offset: number): Block | undefined {
    const block = this.#lastBlockFrom(offset)
    return block && offset < block.end ? block : undefined
  }

  /** The table or code block that a cut at `offset` would cut. */
  blockAround(offset: number): Block | undefined {
    const block = this.blockAt(offset)
    return block && block.start < offset ? block : undefined
  }

  /** At the end of the table or code block before `offset`, and at `offset` inside of one. */
  #proseStart(offset: number): number {
    return Math.min(this.#lastBlockFrom(offset - 1)?.end ?? 0, offset)
  }

  /** The first offset from `offset` on that is not blank, or the length of the text. */
  skipBlanks(offset: number): number {
    NEXT_TEXT.lastIndex = offset
    return NEXT_TEXT.exec(this.text)?.index ?? this.length
  }

  #pageIndex(offset: number): number {
    return Math.max(0, countUpTo(this.#pageStarts, offset, (start) => start) - 1)
  }

  #sectionAt(offset: number): Section | undefined {
    return this.#sections[countUpTo(this.#sections, offset, startOf) - 1]
  }

  #lastBlockFrom(offset: number): Block | undefined {
    return this.#blocks[countUpTo(this.#blocks, offset, startOf) - 1]
  }

  /** A block ends with its page at the latest, so that a fence that nothing closes doesn't make code of all that follows. */
  #readBlocks(page: string, pageStart: number): void {
    for (const block of markdownBlocks(page)) {
      const [start, end] = [pageStart + block.start, pageStart + block.end]
      if (block.kind === 'heading') this.#openSection(start, block)
      else this.#blocks.push({ ...block, start, headEnd: pageStart + block.headEnd, end })
    }
  }

  #openSection(start: number, { depth, title }: Heading): void {
    const above = this.#open.filter((heading) => heading.depth < depth)
    this.#open = [...above, { depth, title }]
    this.#sections.push({ start, path: this.#open.map((heading) => heading.title) })
  }
}

const startOf = ({ start }: { readonly start: number }) => start

/** How many of the items lie at or before `offset`; their offsets ascend. */
function countUpTo<T>(items: readonly T[], offset: number, offsetOf: (item: T) => number): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = items[middle]
    if (item !== undefined && offsetOf(item) <= offset) low = middle + 1
    else high = middle
  }
  return low
}
