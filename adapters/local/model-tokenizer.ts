import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadTokenizers } from './transformers.ts'

export type ModelTokenizer = {
  /** Without the special ones. */
  readonly countTokens: (text: string) => number
  /** That the model wants around each text. */
  readonly specialTokens: number
}

/**
 * What BERT's tokenizer takes for a word, or more than one: it splits at these, and never across them. Form feeds and
 * other control characters are none of them, since it drops those first.
 */
const WORD = /[^\t\n\r\p{Z}]+/gu
/** A text's words come again and again; what is longer hardly ever does. */
const WORDS_REMEMBERED = 50_000
const LONGEST_REMEMBERED = 32

/** The model's own tokenizer. Blocks while it is read, of which making it takes the most. */
export function openTokenizer(packageDir: string, modelPath: string): ModelTokenizer {
  const { Tokenizer } = loadTokenizers(packageDir)
  const read = (file: string) => JSON.parse(readFileSync(join(modelPath, file), 'utf8'))
  const json = read('tokenizer.json')
  const tokenizer = new Tokenizer(json, read('tokenizer_config.json'))
  const countTokens = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids.length
  return {
    countTokens: splitsAtSpaces(json) ? byWords(countTokens) : countTokens,
    specialTokens: tokenizer.encode('').ids.length,
  }
}

type TokenizerJson = {
  readonly normalizer?: { type?: string } | null
  readonly pre_tokenizer?: { type?: string } | null
}

const splitsAtSpaces = ({ normalizer, pre_tokenizer }: TokenizerJson) =>
  normalizer?.type === 'BertNormalizer' && pre_tokenizer?.type === 'BertPreTokenizer'

/** The same counts in a tenth of the time: the chunker counts every passage several times. */
function byWords(countTokens: (text: string) => number): (text: string) => number {
  const tokensOfWord = new Map<string, number>()
  const countWord = (word: string): number => {
    const known = tokensOfWord.get(word)
    if (known !== undefined) return known
    const tokens = countTokens(word)
    if (word.length > LONGEST_REMEMBERED) return tokens
    if (tokensOfWord.size === WORDS_REMEMBERED) tokensOfWord.clear()
    tokensOfWord.set(word, tokens)
    return tokens
  }
  return (text) => (text.match(WORD) ?? []).reduce((sum, word) => sum + countWord(word), 0)
}
