import { countMatches } from '../count-matches.ts'

type Unicode = 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32le' | 'utf-32be'

/** The longer ones first: UTF-32's mark begins with UTF-16's. */
const MARKS: readonly (readonly [Unicode, readonly number[]])[] = [
  ['utf-32le', [0xff, 0xfe, 0, 0]],
  ['utf-32be', [0, 0, 0xfe, 0xff]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
  ['utf-8', [0xef, 0xbb, 0xbf]],
]

/**
 * The Unicode encoding that a byte order mark tells, or UTF-16 where bytes look like that; `binary` where no other
 * encoding would have such bytes either. It looks at the begin and the middle.
 */
export function unicodeEncoding(bytes: Uint8Array): Unicode | 'binary' | undefined {
  const marked = MARKS.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte))
  if (marked) return marked[0]
  const sample = sampleOf(bytes)
  const controls = sample.reduce((sum, byte) => sum + Number(isControl(byte)), 0)
  if (controls === 0) return undefined
  return utf16(sample) ?? (controls > TOLERATED * sample.length ? 'binary' : undefined)
}

const TOLERATED = 0.001
const SAMPLE = 8_192

/** Both parts begin where a character of two bytes does. */
function sampleOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= 2 * SAMPLE) return bytes
  const middle = (bytes.length >> 2) * 2
  return Buffer.concat([bytes.subarray(0, SAMPLE), bytes.subarray(middle, middle + SAMPLE)])
}

/** Tabs, line ends, form feeds and escapes are in texts, and DOS ended a file with 0x1a. */
const isControl = (byte: number) =>
  byte < 0x09 || (byte > 0x0d && byte < 0x1a) || (byte > 0x1b && byte < 0x20) || byte === 0x7f

/** Read in the wrong order, nearly any text has them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const IMPOSSIBLE = /(?![\t-\r\u001a\u001b])[\p{Cc}\p{Cn}\p{Co}\p{Cs}\ufffd]/gu
const SHORTEST = 3

function utf16(sample: Uint8Array): Unicode | undefined {
  const whole = sample.subarray(0, sample.length & ~1)
  // Characters of one script share the more significant byte, so there are fewer of them.
  const [evens, odds] = [different(whole, 0), different(whole, 1)]
  if (whole.length < 2 * SHORTEST || evens === odds) return undefined
  const encoding = evens < odds ? 'utf-16be' : 'utf-16le'
  const text = new TextDecoder(encoding).decode(whole)
  return countMatches(text, IMPOSSIBLE) <= TOLERATED * text.length && isOneScript(text) ? encoding : undefined
}

const different = (bytes: Uint8Array, from: 0 | 1) => new Set(bytes.filter((_, index) => index % 2 === from)).size

const ASCII = /[\t-\r -~]/g
const LETTER = /\p{L}/gu
const SCRIPTS = [
  ...[/\p{sc=Latn}/gu, /\p{sc=Cyrl}/gu, /\p{sc=Grek}/gu, /\p{sc=Arab}/gu, /\p{sc=Hebr}/gu, /\p{sc=Thai}/gu],
  ...[/\p{sc=Deva}/gu, /[\p{sc=Hani}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}]/gu],
]

/** A text is ASCII for the most part, or letters of one script. Binary numbers scatter over many. */
function isOneScript(text: string): boolean {
  const [ascii, letters] = [countMatches(text, ASCII), countMatches(text, LETTER)]
  if (ascii > 0.7 * text.length) return true
  return letters > 0.5 * text.length && SCRIPTS.some((script) => countMatches(text, script) > 0.8 * letters)
}

const BLOCK = 8_192

/** The text of UTF-32, which is not among the encodings of `TextDecoder`. */
export function utf32(bytes: Uint8Array, encoding: 'utf-32le' | 'utf-32be'): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: string[] = []
  // The byte order mark is no part of the text.
  for (let at = 4; at + 4 <= bytes.length; at += 4 * BLOCK) {
    const characters = Array.from({ length: Math.min(BLOCK, (bytes.length - at) >> 2) }, (_, index) =>
      view.getUint32(at + 4 * index, encoding === 'utf-32le'),
    )
    parts.push(String.fromCodePoint(...characters.map((each) => (each > 0x10ffff ? 0xfffd : each))))
  }
  return parts.join('')
}
