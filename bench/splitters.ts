import { RecursiveCharacterTextSplitter } from '@langchain/textsplitters'
import { countTokens } from '../adapters/tokenizer.ts'
import type { Page } from '../domain/chunk.ts'
import type { ChunkingOptions } from '../domain/chunking.ts'
import { chunkPages } from '../domain/chunking.ts'
import type { Document } from './retrieval-set.ts'

/** A passage of a document, as it is embedded and ranked. */
export type Passage = {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly text: string
  readonly tokens: number
  /** The first page where it is not given. */
  readonly pageStart?: number
  readonly pageEnd?: number
  readonly headingPath?: readonly string[]
}

export type Splitter = {
  readonly name: string
  readonly size: string
  readonly split: (document: Document) => Promise<Passage[]>
}

/** Tokens are those of OpenAI's models, unless another model counts. */
export const ours = (maxTokens: number, overlapTokens: number, count = countTokens): Splitter => ({
  name: 'Expertsmith',
  size: `${maxTokens} / ${overlapTokens}`,
  split: async ({ file, text }) =>
    passagesOf(file, [{ number: 1, text }], { maxTokens, overlapTokens, countTokens: count }),
})

/** As the product cuts them. */
export const passagesOf = (file: string, pages: readonly Page[], options: ChunkingOptions): Passage[] =>
  Array.from(
    chunkPages(pages, options),
    ({ startOffset, endOffset, text, tokens, pageStart, pageEnd, headingPath }) => ({
      ...{ file, start: startOffset, end: endOffset, text, tokens, pageStart, pageEnd, headingPath },
    }),
  )

/** LangChain.js' splitter with its own separators, and its sizes in tokens. */
export const recursive = (chunkSize: number, chunkOverlap: number): Splitter => ({
  name: 'recursive',
  size: `${chunkSize} / ${chunkOverlap}`,
  split: langchain(new RecursiveCharacterTextSplitter({ chunkSize, chunkOverlap, lengthFunction: countTokens })),
})

/** As it is without options: 1,000 characters, 200 of them shared. */
export const recursiveDefault: Splitter = {
  name: 'recursive',
  size: '1,000 / 200 characters',
  split: langchain(new RecursiveCharacterTextSplitter()),
}

function langchain(splitter: RecursiveCharacterTextSplitter): Splitter['split'] {
  return async ({ file, text }) => {
    let [start, before] = [-1, '']
    return (await splitter.splitText(text)).map((part) => {
      // It gives no offsets, but each part is a piece of the text, and begins behind the one before or repeats all of it.
      start = text.indexOf(
        part,
        part.length > before.length && part.startsWith(before) ? Math.max(start, 0) : start + 1,
      )
      before = part
      if (start < 0) throw new RangeError(`${file} lacks a part of its own`)
      return { file, start, end: start + part.length, text: part, tokens: countTokens(part) }
    })
  }
}
