import { readFile } from 'node:fs/promises'
import type { Page } from '../../domain/chunk.ts'
import type { CorpusFile } from './corpus.ts'
import { corpusFiles, corpusPath } from './corpus.ts'
import { extracted } from './extract.ts'

/** `query`: the sentence in which the word stands on its page. */
export type PageWord = { readonly file: string; readonly page: number; readonly word: string; readonly query: string }

export type PagedFile = {
  readonly file: string
  readonly pages: readonly Page[]
  readonly words: readonly PageWord[]
}

const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' })
/** In characters, around the word: the API takes no more than so many times that. */
const LONGEST = 1_000

/** What each word of the manifest's `page_words` is looked for by. A page that does not have its word gives no query. */
export const pagedFiles = (): Promise<PagedFile[]> =>
  Promise.all(
    corpusFiles
      .filter(({ page_words }) => page_words)
      .map(async (expected) => {
        const { pages } = await extracted(await readFile(corpusPath(expected.file)))
        return { file: expected.file, pages, words: wordsOf(expected, pages) }
      }),
  )

const wordsOf = ({ file, match, page_words = [] }: CorpusFile, pages: readonly Page[]): PageWord[] =>
  page_words.map(({ page, word }) => {
    const text = pages.find(({ number }) => number === page)?.text ?? ''
    return { file, page, word, query: sentenceWith(word, text, match) ?? '' }
  })

const escaped = (character: string) => character.replace(/[\\^$.*+?()[\]{}|]/, '\\$&')

function sentenceWith(word: string, page: string, match: CorpusFile['match']): string | undefined {
  const between = match === 'nospace' ? '\\s*' : ''
  const wanted = new RegExp(Array.from(word.normalize('NFKC'), escaped).join(between), 'u')
  const text = page
    .normalize('NFKC')
    .replace(/\u00ad/g, '')
    .replace(/\s+/g, ' ')
  const sentences = Array.from(SENTENCES.segment(text), ({ segment }) => segment.trim())
  const sentence = sentences.find((each) => wanted.test(each)) ?? (wanted.test(text) ? text : undefined)
  if (sentence === undefined || sentence.length <= LONGEST) return sentence
  const start = Math.max(0, (wanted.exec(sentence)?.index ?? 0) - LONGEST / 2)
  return sentence.slice(start, start + LONGEST)
}
