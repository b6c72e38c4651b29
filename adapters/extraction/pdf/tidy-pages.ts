/** What PDFium puts where a line ends with a hyphen: it has joined the lines already. */
const JOINED_LINES = '\ufffe'
/**
 * The hyphen at the end of a line, with the part of the word before it and the one behind. It begins at the hyphen: to begin at
 * each letter takes time by the square of a line without a space.
 */
const HYPHENATED = /(?<=(\p{L}[\p{L}\p{M}]*))\ufffe(?=(\p{L}[\p{L}\p{M}]*))/gu
const SOFT_HYPHENATED = /\u00ad\n/g

/** Ligatures, Arabic letters by their place in the word, Kangxi radicals: one letter to a reader, another to a search. */
const PRESENTATION_FORMS = /[\u2f00-\u2fdf\ufb00-\ufdff\ufe70-\ufefc]/g
/** Marks that are drawn higher than their letters, and so stand on a line of their own. */
const MARKS_BY_THEMSELVES = /\n(\p{M}+)\n/gu
/** Justified Chinese and Japanese: four characters or more, each with a space behind it. */
const SPACED_OUT = /(?<!\p{Script=Han})(?:\p{Script=Han} ){3,}\p{Script=Han}(?!\p{Script=Han})/gu

/** The text of the pages as a reader sees it: words whole, letters as one types them, lines as they are drawn. */
export function tidyPages(pages: readonly string[]): string[] {
  const tidied = pages.map(tidyPage)
  if (!tidied.some((text) => text.includes(JOINED_LINES))) return tidied
  const words = new Set(tidied.flatMap((text) => text.toLowerCase().match(/\p{L}[\p{L}\p{M}-]*/gu) ?? []))
  return tidied.map((text) => resolveHyphens(text, words))
}

const tidyPage = (text: string): string =>
  text
    .split(/\r\n?|\n/)
    .map((line) => line.trimEnd())
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .replaceAll(SOFT_HYPHENATED, '')
    .replaceAll(MARKS_BY_THEMSELVES, '$1')
    .replaceAll(PRESENTATION_FORMS, (form) => form.normalize('NFKC'))
    .replaceAll(SPACED_OUT, (spaced) => spaced.replaceAll(' ', ''))
    .trim()

/** The hyphen goes, unless it belongs to the word: before a capital, or where the document has that word with it elsewhere. */
function resolveHyphens(text: string, words: ReadonlySet<string>): string {
  const joined = text.replaceAll(HYPHENATED, (_, before: string, after: string) => {
    const together = `${before}${after}`.toLowerCase()
    const apart = `${before}-${after}`.toLowerCase()
    const belongs = /^\p{Lu}/u.test(after) ? /\p{Ll}$/u.test(before) : words.has(apart) && !words.has(together)
    return belongs ? '-' : ''
  })
  // Numbers, and whatever else: "2019-" and "20" are not 201920.
  return joined.replaceAll(JOINED_LINES, '-')
}
