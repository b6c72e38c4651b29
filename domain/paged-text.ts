import type { Page } from './chunk.ts'
import { PAGE_BREAK } from './chunk.ts'

type Heading = { readonly offset: number; readonly path: readonly string[] }

/** A fence of a code block, or a heading of at most 200 characters: the bound keeps the search linear. */
const FENCE_OR_HEADING = /^ {0,3}(?:(?<fence>```|~~~)|(?<marks>#{1,6})[ \t]+(?<title>\S.{0,199})$)/gm
const CLOSING_MARKS = /[ \t]#+[ \t]*$/

/** Every Markdown heading with the titles that it stands under, its own last. */
function* headingsOf(text: string): Generator<Heading> {
  let inCode = false
  let open: { depth: number; title: string }[] = []
  for (const { index, groups } of text.matchAll(FENCE_OR_HEADING)) {
    if (groups?.fence) inCode = !inCode
    if (inCode || !groups?.marks || !groups.title) continue
    const depth = groups.marks.length
    open = [
      ...open.filter((above) => above.depth < depth),
      { depth, title: groups.title.replace(CLOSING_MARKS, '').trim() },
    ]
    yield { offset: index, path: open.map(({ title }) => title) }
  }
}

/** A space counts as text where a mark sits on it: the two are one character to a reader. */
const NEXT_TEXT = /\S|\p{Space_Separator}(?=[\p{Grapheme_Extend}\p{Spacing_Mark}\p{Emoji_Modifier}\u200d])/gu

/** Pages joined by `PAGE_BREAK`, and what stands where in them. Offsets are UTF-16 code units. */
export class PagedText {
  readonly text: string
  readonly #pages: readonly Page[]
  readonly #pageStarts: number[] = []
  readonly #headings: readonly Heading[]

  constructor(pages: readonly Page[]) {
    this.text = pages.map((page) => page.text).join(PAGE_BREAK)
    this.#pages = pages
    let start = 0
    for (const page of pages) {
      this.#pageStarts.push(start)
      start += page.text.length + PAGE_BREAK.length
    }
    this.#headings = [...headingsOf(this.text)]
  }

  get length(): number {
    return this.text.length
  }

  /** The number of the page that holds the character at `offset`. */
  pageAt(offset: number): number {
    return this.#pages[this.#pageIndex(offset)]?.number ?? 1
  }

  /** Where the page that holds the character at `offset` begins. */
  pageStart(offset: number): number {
    return this.#pageStarts[this.#pageIndex(offset)] ?? 0
  }

  /** Where the first page that ends at or after `least` ends; -1 where that is beyond `limit`. */
  pageEndWithin(least: number, limit: number): number {
    const next = this.#pageStarts[this.#pageIndex(least + PAGE_BREAK.length - 1) + 1]
    const end = next === undefined ? this.length : next - PAGE_BREAK.length
    return end <= limit ? end : -1
  }

  /** Where the last heading at or before `offset` begins; -1 where there is none. */
  headingBefore(offset: number): number {
    return this.#headingAt(offset)?.offset ?? -1
  }

  /** Titles of the Markdown headings that `offset` stands under, outermost first. */
  headingPath(offset: number): readonly string[] {
    return this.#headingAt(offset)?.path ?? []
  }

  /** The first offset from `offset` on that is not blank, or the length of the text. */
  skipBlanks(offset: number): number {
    NEXT_TEXT.lastIndex = offset
    return NEXT_TEXT.exec(this.text)?.index ?? this.length
  }

  #pageIndex(offset: number): number {
    return Math.max(0, countUpTo(this.#pageStarts, offset, (start) => start) - 1)
  }

  #headingAt(offset: number): Heading | undefined {
    return this.#headings[countUpTo(this.#headings, offset, (heading) => heading.offset) - 1]
  }
}

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
