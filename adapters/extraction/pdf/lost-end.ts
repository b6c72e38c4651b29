const END_OF_FILE = /%%EOF/
const OBJECT = /(?<!\d)(?<number>\d{1,9})[ \r\n]+(?<generation>\d{1,5})[ \r\n]+obj\b/g
const PAGE = /\/Type\s*\/Page(?![A-Za-z])/
/** A page's dictionary, without the streams and the objects behind it; each object looks as far as the next one only. */
const DICTIONARY_ENDS = /\b(?:endobj|stream|obj)\b/
const LONGEST_DICTIONARY = 65_536

export type LostEnd = {
  /** What makes a document of the file, put behind it. */
  readonly tail: Uint8Array
  /** How many pages are lost, at least. */
  readonly pagesLost: number
}

/**
 * A file that breaks off has lost its list of pages, which stands at its end, but not the pages before that.
 * @returns a new end, with a list of the pages that are there, in the order of the file; undefined where the file has its end,
 * or no page is to be seen
 */
export function makeEnd(bytes: Buffer): LostEnd | undefined {
  const file = bytes.toString('latin1')
  if (END_OF_FILE.test(file.slice(-1_024))) return undefined
  const pages = findPages(file)
  if (pages.length === 0) return undefined
  return { tail: Buffer.from(pageTree(pages)), pagesLost: Math.max(1, pagesOfAll(file) - pages.length) }
}

/** A file that is made for the web says at its beginning how many pages it has. */
const LINEARIZED = /\/Linearized\b[^>]*\/N\s+(\d{1,7})/

const pagesOfAll = (file: string) => Number(LINEARIZED.exec(file.slice(0, 2_048))?.[1] ?? 0)

type ObjectName = { readonly number: number; readonly generation: number }

function findPages(file: string): ObjectName[] {
  const pages = new Map<number, ObjectName>()
  for (const { 0: begins, index, groups } of file.matchAll(OBJECT)) {
    const dictionary = dictionaryAt(file, index + begins.length)
    // An object that was written again, by a later change of the document, counts once.
    const name = { number: Number(groups?.number), generation: Number(groups?.generation) }
    if (PAGE.test(dictionary)) pages.set(name.number, name)
  }
  return [...pages.values()]
}

function dictionaryAt(file: string, start: number): string {
  const longest = file.slice(start, start + LONGEST_DICTIONARY)
  const end = longest.search(DICTIONARY_ENDS)
  return end < 0 ? longest : longest.slice(0, end)
}

function pageTree(pages: readonly ObjectName[]): string {
  const free = pages.reduce((most, { number }) => Math.max(most, number), 0) + 1_000_000
  const kids = pages.map(({ number, generation }) => `${number} ${generation} R`).join(' ')
  return [
    '\nendstream endobj',
    `${free} 0 obj <</Type/Pages/Count ${pages.length}/Kids[${kids}]>> endobj`,
    `${free + 1} 0 obj <</Type/Catalog/Pages ${free} 0 R>> endobj`,
    `trailer <</Root ${free + 1} 0 R/Size ${free + 2}>>`,
    'startxref\n0\n%%EOF\n',
  ].join('\n')
}
