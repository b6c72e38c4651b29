import { countTokens as count } from 'gpt-tokenizer/encoding/cl100k_base'

/** Byte-pair merging takes quadratic time on long runs without a space, so they are counted in pieces: never fewer tokens. */
const PIECE = 2_000

/** Tokens of `cl100k_base`, the encoding of OpenAI's embedding models. Text that looks like a special token is plain text here. */
export function countTokens(text: string): number {
  let tokens = 0
  for (let start = 0; start < text.length; start += PIECE)
    tokens += count(text.slice(start, start + PIECE), { disallowedSpecial: new Set() })
  return tokens
}
