import { countTokens as cl100k } from 'gpt-tokenizer/encoding/cl100k_base'
import type { Chunk, Page } from '../../domain/chunk.ts'
import type { ChunkingOptions } from '../../domain/chunking.ts'
import { chunkPages } from '../../domain/chunking.ts'

const countWords = (text: string) => text.match(/\S+/g)?.length ?? 0
export const countCodePoints = (text: string) => [...text].length
/** Text that needs fewer tokens when it gets longer, as a tokenizer's merges can make it. */
const countUnevenly = (text: string) => Math.ceil(text.length / 3) + (text.length % 5)

export const counters = { cl100k, countWords, countCodePoints, countUnevenly }
export const counterNames = Object.keys(counters) as (keyof typeof counters)[]

export const pagesOf = (...texts: string[]): Page[] => texts.map((text, index) => ({ number: index + 1, text }))
export const chunk = (pages: readonly Page[], options: Partial<ChunkingOptions> = {}): Chunk[] => [
  ...chunkPages(pages, { maxTokens: 40, overlapTokens: 10, countTokens: countWords, ...options }),
]
export const words = (count: number, word = 'word') =>
  Array.from({ length: count }, (_, index) => `${word}${index}`).join(' ')
export const sentences = (count: number, length = 8) =>
  Array.from({ length: count }, (_, index) => `Sentence number ${index} says ${words(length - 4, 'w')}.`).join(' ')
