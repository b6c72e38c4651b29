import { codePointAfter, codePointEnd } from './text-boundaries.ts'

/** How far a passage can reach at most, and how long a full one would be here: both in UTF-16 code units, without its head. */
export type Reach = { readonly end: number; readonly full: number }

export type TokenLimit = { readonly maxTokens: number; readonly countTokens: (text: string) => number }

/** Bounds the text looked at for one chunk, whatever it is: a long run of one character is few tokens. */
export const MAX_UNITS_PER_TOKEN = 16
/** The share of the limit that is full enough as a rule: looking for the last few tokens costs more than it gives. */
export const NEARLY_FULL = 0.95
/** Token counts grow nearly evenly with the text, so a few guesses are near; after them we halve, to be sure to end. */
const GUESSES = 4

/** Finds how much of a text fits into a number of tokens, with about two counts, since it remembers how dense the text is. */
export class TokenReach {
  readonly #text: string
  readonly #limit: TokenLimit
  #unitsPerToken = 4

  constructor(text: string, limit: TokenLimit) {
    this.#text = text
    this.#limit = limit
  }

  /**
   * Reaches at least one code point, even where that is over the limit. Stops once `share` of the limit is used. The
   * passage will have `head` in front of it, which is counted too.
   */
  from(from: number, share: number, head = ''): Reach {
    const { maxTokens, countTokens } = this.#limit
    const furthest = codePointEnd(this.#text, Math.min(from + maxTokens * MAX_UNITS_PER_TOKEN, this.#text.length))
    let [fitting, tokens, tooFar] = [from, 0, furthest + 1]
    const start = from - head.length
    let guess = start + maxTokens * this.#unitsPerToken
    for (let round = 1; fitting < furthest && tokens < share * maxTokens; round++) {
      const end = Math.max(
        codePointEnd(this.#text, Math.min(Math.floor(guess), tooFar - 1)),
        codePointAfter(this.#text, fitting),
      )
      if (end >= tooFar) break
      const count = countTokens(head + this.#text.slice(from, end))
      if (count > maxTokens) tooFar = end
      else [fitting, tokens] = [end, count]
      guess = round < GUESSES ? start + (0.98 * (end - start) * maxTokens) / Math.max(count, 1) : (fitting + tooFar) / 2
    }
    if (tokens > 0) this.#unitsPerToken = (fitting - start) / tokens
    return {
      end: Math.max(fitting, codePointAfter(this.#text, from)),
      full: maxTokens * this.#unitsPerToken - head.length,
    }
  }
}
