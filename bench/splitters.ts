import { RecursiveCharacterTextSplitter } from '@langchain/textsplitters'
import { countTokens } from '../adapters/tokenizer.ts'
import { chunkPages } from '../domain/chunking.ts'
import type { Document } from './retrieval-set.ts'

/** A passage of a document, as it is embedded and ranked. */
export type Passage = {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly text: string
  readonly tokens: number
}

export type Splitter = {
  readonly name: string
  readonly size: string
  readonly split: (document: Document) => Promise<Passage[]>
}

export const ours = (maxTokens: number, overlapTokens: number): Splitter => ({
  name: 'Expertsmith',
  size: `${maxTokens} / ${overlapTokens}`,
  split: async ({ file, text }) =>
    Array.from(chunkPages([{ number: 1, text }], { maxTokens, overlapTokens, countTokens }), (chunk) => ({
      file,
      start: chunk.startOffset,
      end: chunk.endOffset,
      text: chunk.text,
      tokens: chunk.tokens,
    })),
})

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
