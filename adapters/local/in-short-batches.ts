/** About as much as a core embeds in a fifth of a second, with a small model. */
const CHARACTERS = 4_000
const TEXTS = 32

/**
 * Cuts texts into what a thread is given at a time: little enough that others get their turn soon, and enough that threads
 * do not wait for an event loop that is busy.
 */
export function inShortBatches(texts: readonly string[]): string[][] {
  const batches: string[][] = []
  let characters = 0
  for (const text of texts) {
    const last = batches.at(-1)
    if (last && last.length < TEXTS && characters + text.length <= CHARACTERS) {
      last.push(text)
      characters += text.length
    } else {
      batches.push([text])
      characters = text.length
    }
  }
  return batches
}
