/** The text that the bytes hold in UTF-8, UTF-16 with a byte order mark or Windows-1252; undefined where they are no text. */
export function decodeText(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return readable(decode('utf-16le', bytes))
  if (first === 0xfe && second === 0xff) return readable(decode('utf-16be', bytes))
  // Also saves the decoding of large files that are no text.
  if (bytes.includes(0)) return undefined
  return readable(decode('utf-8', bytes)) ?? western(readable(decode('windows-1252', bytes)))
}

function decode(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Control characters but white space and escape, which terminals' logs have. In Windows-1252 also the bytes without a meaning. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNREADABLE = /[\u0000-\u0007\u000e-\u001a\u001c-\u001f\u0080-\u0084\u0086-\u009f\ufffe\uffff]/

const readable = (text: string | undefined) => (text === undefined || UNREADABLE.test(text) ? undefined : text)

const LETTER = /\p{L}/gu
const FOREIGN = /[\u00a1-\uffff]/g
const FOREIGN_LETTER = /(?=\p{L})[\u0080-\uffff]/gu
/** What the letters of another encoding turn into. */
const DOUBTS = [
  // A sign inside of a word, but those that belong there.
  /(?<=\p{L})(?!\p{L}|[\u00ad·’‘–—…])[\u00a1-\uffff](?=\p{L})/gu,
  // Three letters with accents in a row, or a capital one after a small letter.
  /(?:(?=\p{L})[\u0080-\uffff]){3,}/gu,
  /(?<=\p{Ll})(?=\p{Lu})[\u0080-\uffff](?=\p{Ll})/gu,
]

/**
 * The text, if it looks like a Western European language: any bytes decode as Windows-1252, and Cyrillic or Japanese
 * would pass for letters with accents. Such a language uses few of them, and has them inside of words.
 */
function western(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const fewAccents = count(text, FOREIGN_LETTER) <= 0.3 * count(text, LETTER)
  const doubts = DOUBTS.reduce((sum, doubt) => sum + count(text, doubt), 0)
  const fewDoubts = doubts <= 0.02 * count(text, FOREIGN)
  return fewAccents && fewDoubts ? text : undefined
}

function count(text: string, pattern: RegExp): number {
  let matches = 0
  for (const _ of text.matchAll(pattern)) matches++
  return matches
}
