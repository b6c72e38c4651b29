import type { TokenLimit } from './token-reach.ts'
import { NEARLY_FULL, TokenReach } from './token-reach.ts'

/** The text, or its beginning where it has more tokens than that; never half a character. At least one is left. */
export function cutToTokens(text: string, limit: TokenLimit): string {
  if (limit.countTokens(text) <= limit.maxTokens) return text
  return text.slice(0, new TokenReach(text, limit).from(0, NEARLY_FULL).end)
}
