import { isAscii, isUtf8 } from 'node:buffer'
import { guessEncoding } from './guess-encoding.ts'
import { isReadable, isWhole } from './plausible-text.ts'
import { unicodeEncoding, utf32 } from './unicode-encoding.ts'

export type DecodedText = { readonly text: string; readonly encoding: string }

/**
 * The text that bytes hold, and the encoding that tells so by the name that browsers give it; undefined where they are no
 * text, or text in an encoding that cannot be told: an error is better than garbage that nobody finds. `declared` is the
 * encoding that the bytes themselves name, as HTML does; it is not believed where they contradict it. One character in a
 * thousand may be broken, and is U+FFFD then.
 */
export function decodeText(bytes: Uint8Array, declared?: string): DecodedText | undefined {
  const unicode = unicodeEncoding(bytes)
  if (unicode === 'binary') return undefined
  if (unicode === 'utf-32le' || unicode === 'utf-32be') return checked(utf32(bytes, unicode), unicode)
  // A download that ended early may have half of a character.
  if (unicode) return decode(unicode, unicode === 'utf-8' ? bytes : bytes.subarray(0, bytes.length & ~1))
  return sevenBit(bytes) ?? utf8(bytes) ?? asDeclared(bytes, declared) ?? guessed(bytes) ?? decode('utf-8', bytes)
}

/** ISO-2022-JP is ASCII to look at, and switches to Japanese with escape sequences. */
const SWITCHES_TO_JAPANESE = '\u001b$'

function sevenBit(bytes: Uint8Array): DecodedText | undefined {
  if (!isAscii(bytes)) return undefined
  const text = decode('utf-8', bytes)
  return text?.text.includes(SWITCHES_TO_JAPANESE) ? (decodeStrictly('iso-2022-jp', bytes) ?? text) : text
}

/** UTF-8 cannot be mistaken. A download that ended early, or a stray byte, does not make it another encoding. */
function utf8(bytes: Uint8Array): DecodedText | undefined {
  if (isUtf8(bytes)) return decode('utf-8', bytes)
  const whole = bytes.subarray(0, startOfLastCharacter(bytes))
  return !isAscii(whole) && (isUtf8(whole) || isMostlyUtf8(whole)) ? decode('utf-8', whole) : undefined
}

const LONGEST_CHARACTER = 4

function startOfLastCharacter(bytes: Uint8Array): number {
  const from = Math.max(0, bytes.length - LONGEST_CHARACTER)
  const start = bytes.subarray(from).findLastIndex((byte) => byte >= 0xc0)
  return start < 0 ? bytes.length : from + start
}

const BROKEN = /\ufffd/g
const BEYOND_ASCII = /[\u0080-\uffff]/g
const ENOUGH_TO_TELL = 65_536

/** Characters of several bytes that fit are far more than those that do not. */
function isMostlyUtf8(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes.subarray(0, ENOUGH_TO_TELL))
  return (text.match(BROKEN)?.length ?? 0) * 20 < (text.match(BEYOND_ASCII)?.length ?? 0)
}

function asDeclared(bytes: Uint8Array, declared: string | undefined): DecodedText | undefined {
  const encoding = declared && labelled(declared)
  // UTF-16 would have been seen.
  return encoding && !encoding.startsWith('utf-') ? decodeStrictly(encoding, bytes) : undefined
}

function labelled(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding
  } catch {
    return undefined
  }
}

function guessed(bytes: Uint8Array): DecodedText | undefined {
  const encoding = guessEncoding(bytes)
  return encoding ? decode(encoding, bytes) : undefined
}

function decodeStrictly(encoding: string, bytes: Uint8Array): DecodedText | undefined {
  try {
    return checked(new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding)
  } catch {
    return undefined
  }
}

function decode(encoding: string, bytes: Uint8Array): DecodedText | undefined {
  const strict = decodeStrictly(encoding, bytes)
  if (strict) return strict
  const text = new TextDecoder(encoding).decode(bytes)
  return isWhole(text) ? checked(text, encoding) : undefined
}

const checked = (text: string, encoding: string): DecodedText | undefined =>
  isReadable(text) ? { text, encoding } : undefined
