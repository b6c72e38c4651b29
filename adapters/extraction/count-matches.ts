/** How often the pattern, which must be global, matches. Not by `match`: an array of millions of matches takes all memory at once. */
export function countMatches(text: string, pattern: RegExp): number {
  let matches = 0
  for (const _ of text.matchAll(pattern)) matches++
  return matches
}
