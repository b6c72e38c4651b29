import { countTokens as count } from 'gpt-tokenizer/encoding/cl100k_base'

/** Byte-pair merging takes quadratic time on long runs without a space, so they are counted in pieces: never fewer tokens. */
const PIECE = 2_000

/** The pattern by which cl100k_base cuts a text into words. Each is encoded by itself, so a text has as many tokens as they have together. */
const WORD =
  /'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+$|\s*[\r\n]|\s+(?!\S)|\s/gu

/** A text's words come again and again, and looking one up costs half of encoding it. What is longer hardly ever comes again. */
const WORDS_REMEMBERED = 50_000
const LONGEST_REMEMBERED = 32
/** A cache of what never changes. */
const tokensOfWord = new Map<string, number>()

/** Tokens of `cl100k_base`, the encoding of OpenAI's embedding models. Text that looks like a special token is plain text here. */
export function countTokens(text: string): number {
  let tokens = 0
  for (let start = 0; start < text.length; start += PIECE)
    for (const word of text.slice(start, start + PIECE).match(WORD) ?? []) tokens += countWord(word)
  return tokens
}

function countWord(word: string): number {
  const known = tokensOfWord.get(word)
  if (known !== undefined) return known
  const tokens = count(word, { disallowedSpecial: new Set() })
  if (word.length > LONGEST_REMEMBERED) return tokens
  if (tokensOfWord.size === WORDS_REMEMBERED) tokensOfWord.clear()
  tokensOfWord.set(word, tokens)
  return tokens
}
