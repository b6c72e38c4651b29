import type { Page } from '../../domain/chunk.ts'

const WORDS = new Intl.Segmenter('und', { granularity: 'word' })

/** By dictionary where a script does not separate its words, so that Chinese and Thai count too. */
export function countWords(pages: readonly Page[]): number {
  let words = 0
  for (const { text } of pages) for (const { isWordLike } of WORDS.segment(text)) if (isWordLike) words++
  return words
}
