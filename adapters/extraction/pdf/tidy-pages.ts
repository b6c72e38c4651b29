/** What PDFium puts where a line ends with a hyphen: it has joined the lines already. */
const JOINED_LINES = '\ufffe'
const WORD_BEFORE = /\p{L}[\p{L}\p{M}]*$/u
const WORD_AFTER = /^\p{L}[\p{L}\p{M}]*/u
const LONGEST_WORD = 40
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
  const hyphenated = new Set(tidied.flatMap(hyphenatedWords))
  return tidied.map((text) => resolveHyphens(text, hyphenated))
}

/** Nothing but Latin letters and the usual signs, as on most pages. */
const PLAIN = /^[\0-\u00ac\u00ae-\u02ff\u2000-\u2bff\ufffe]*$/

function tidyPage(text: string): string {
  const lines = text.split(/\r\n?|\n/).map((line) => line.trimEnd())
  const tidied = lines
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
  return PLAIN.test(tidied) ? tidied : resolveForms(tidied)
}

const resolveForms = (text: string): string =>
  text
    .replaceAll(SOFT_HYPHENATED, '')
    .replaceAll(MARKS_BY_THEMSELVES, '$1')
    .replaceAll(PRESENTATION_FORMS, (form) => form.normalize('NFKC'))
    .replaceAll(SPACED_OUT, (spaced) => spaced.replaceAll(' ', ''))

/** The hyphen goes, unless it belongs to the word: before a capital, or where the document has that word with it elsewhere. */
const resolveHyphens = (text: string, hyphenated: ReadonlySet<string>): string =>
  text.replaceAll(JOINED_LINES, (_, offset: number) => {
    const before = WORD_BEFORE.exec(text.slice(Math.max(0, offset - LONGEST_WORD), offset))?.[0]
    const after = WORD_AFTER.exec(text.slice(offset + 1, offset + 1 + LONGEST_WORD))?.[0]
    // "2019-" and "20" are not 201920.
    if (!before || !after) return '-'
    const belongs = /^\p{Lu}/u.test(after)
      ? /\p{Ll}$/u.test(before)
      : hyphenated.has(`${before}-${after}`.toLowerCase())
    return belongs ? '-' : ''
  })

/** Begins at the hyphen, of which there are few. */
const HYPHEN = /(?<=(\p{L}[\p{L}\p{M}]{0,39}))-(?=(\p{L}[\p{L}\p{M}]{0,39}))/gu

const hyphenatedWords = (text: string): string[] =>
  Array.from(text.matchAll(HYPHEN), ([, before, after]) => `${before}-${after}`.toLowerCase())
