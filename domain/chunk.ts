/** A page of a document, or the whole of one that has no pages. `number` counts from 1. */
export type Page = { readonly number: number; readonly text: string }

/**
 * A passage that is embedded and searched as one. Offsets are UTF-16 code units into the pages joined by `PAGE_BREAK`.
 * `text` is what lies between them, behind the header lines of its table where it begins in one.
 */
export type Chunk = {
  readonly index: number
  readonly text: string
  readonly tokens: number
  readonly pageStart: number
  readonly pageEnd: number
  readonly headingPath: readonly string[]
  readonly startOffset: number
  readonly endOffset: number
}

export type EmbeddedChunk = Chunk & { readonly vector: Float32Array }

export const PAGE_BREAK = '\n\n'
