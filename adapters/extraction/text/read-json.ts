const OPENS = /^\s*[[{]/
const CLOSES = /[\]}]\s*$/
/** In the order of JSON's grammar (RFC 8259, section 7). */
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|(.))/g
const MEANINGS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\n', b: '', f: '' }

/** JSON as it is, but with its strings as a reader sees them: many writers escape every letter that is not ASCII. */
export const readJson = (text: string): string =>
  text.replaceAll(ESCAPE, (_, code: string | undefined, character: string) =>
    code === undefined ? (MEANINGS[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16)),
  )

/** What is parsed takes ten times the memory of the text, so of a longer one its ends are looked at only. */
const LONGEST_PARSED = 10_000_000

export const isJson = (text: string): boolean =>
  OPENS.test(text) && (text.length > LONGEST_PARSED ? CLOSES.test(text.slice(-1_000)) : parses(text))

const LOOKED_AT = 50

/** Whether each line is a JSON object or array of its own. */
export function isJsonLines(text: string): boolean {
  const lines = text.split('\n', LOOKED_AT + 1).filter((line) => line.trim() !== '')
  // The last one looked at may be cut off, in a file that breaks off.
  return lines.length > 1 && lines.slice(0, -1).every(isJson) && OPENS.test(lines.at(-1) ?? '')
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
