import type { Chunk, Page } from './chunk.ts'
import { ChunkCutter } from './chunk-cutter.ts'
import { PagedText } from './paged-text.ts'

export type ChunkSizes = {
  /** The most tokens that a chunk may have. */
  readonly maxTokens: number
  /** The most tokens that a chunk repeats from the one before it, in whole sentences; half of `maxTokens` where that is less. */
  readonly overlapTokens: number
}

export type ChunkingOptions = ChunkSizes & { readonly countTokens: (text: string) => number }

/** Raised whenever the same text would give other chunks. */
const ALGORITHM = 3

/** Names the algorithm and its sizes, for the keys of what is made from chunks. */
export const chunkerVersion = ({ maxTokens, overlapTokens }: ChunkSizes) =>
  `chunks-${ALGORITHM}-${maxTokens}-${overlapTokens}`

/**
 * Cuts pages into chunks, in their order, one at a time as they are asked for. Every character but white space is in one
 * of them, and a chunk begins and ends with such a character. It has at most `maxTokens` tokens, counted on its final
 * text, unless a single code point has more; only a grapheme that is over the limit by itself is cut.
 *
 * As much text as fits is cut at the strongest boundary in it: the end of a page, before a Markdown heading, the end of a
 * paragraph, a sentence, a line, a word. A boundary is passed over where the chunk would be too small by it: so chunks
 * stay on one page for exact citations, and yet the last lines of a page are not left alone.
 *
 * A Markdown table is cut between its rows, and a chunk that begins in it repeats its header lines in front of its text,
 * which its offsets do not count, where they take a quarter of the limit at most. A fenced code block that fits into a
 * chunk is whole; another one is cut between its lines. Takes time linear in the text.
 */
export function* chunkPages(pages: readonly Page[], options: ChunkingOptions): Generator<Chunk, void> {
  const paged = new PagedText(pages)
  const cutter = new ChunkCutter(paged, options)
  let next = paged.skipBlanks(0)
  let from = next
  for (let index = 0; next < paged.length; index++) {
    const passage = cutter.cut(from, next)
    yield {
      index,
      text: passage.text,
      tokens: passage.tokens,
      pageStart: paged.pageAt(passage.start),
      pageEnd: paged.pageAt(passage.end - 1),
      headingPath: paged.headingPath(passage.start),
      startOffset: passage.start,
      endOffset: passage.end,
    }
    next = paged.skipBlanks(passage.end)
    from = cutter.overlapStart(passage, next)
  }
}
