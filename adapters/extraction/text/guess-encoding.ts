import { analyse } from 'chardet'
import { hasOnlySigns, isNearlyAscii, plausibility } from './plausible-text.ts'

/** Told apart by their letters alone, the more frequent of two alike first. `windows-1252` stands for ISO-8859-1 too. */
const ONE_BYTE = [
  ...['windows-1252', 'windows-1250', 'iso-8859-2', 'windows-1254', 'windows-1257', 'macintosh'],
  ...['windows-1251', 'koi8-r', 'koi8-u', 'iso-8859-5', 'ibm866', 'x-mac-cyrillic'],
  ...['windows-1253', 'iso-8859-7', 'windows-1255', 'windows-1256', 'iso-8859-6', 'windows-874'],
]
const WESTERN = 'windows-1252'
const ASIAN = ['shift_jis', 'euc-jp', 'gb18030', 'big5', 'euc-kr']
/** chardet names one of these where another one, which it takes for the same or does not know, may be meant. */
const RELATED: Readonly<Record<string, readonly string[]>> = {
  'iso-8859-2': ['windows-1250'],
  'iso-8859-7': ['windows-1253'],
  'iso-8859-8': ['windows-1255'],
  'windows-1251': ['x-mac-cyrillic'],
  'koi8-r': ['koi8-u'],
}
/** chardet tells Asian encodings apart better, our own look at the words those of one byte, and what is no text. */
const VOTE = 0.5
/** Measured on real texts in 30 encodings: higher refuses more of them, lower takes more garbage for text. */
const ENOUGH = 0.7
/** That bytes fit one of them tells something already. */
const ENOUGH_OF_ASIAN = 0.6

/**
 * The encoding, of those with one byte a character and the Asian ones, in which the bytes' words are most like a language's;
 * undefined where they are like none in any. It looks at no more than some kilobytes that are not ASCII.
 */
export function guessEncoding(bytes: Uint8Array): string | undefined {
  const middle = next(bytes, bytes.length >> 1, bytes.length, isSeparator)
  const sample = Buffer.concat([foreignLines(bytes, 0), foreignLines(bytes, middle)])
  const western = new TextDecoder(WESTERN).decode(sample)
  if (hasOnlySigns(western)) return WESTERN
  return mostPlausible(sample) ?? (isNearlyAscii(western) ? WESTERN : undefined)
}

function mostPlausible(sample: Uint8Array): string | undefined {
  const votes = votesFor(sample)
  let best = { encoding: '', score: 0 }
  for (const encoding of [...ONE_BYTE, ...ASIAN]) {
    const score = plausibility(new TextDecoder(encoding).decode(sample)) + VOTE * (votes.get(encoding) ?? 0)
    if (score > best.score) best = { encoding, score }
  }
  return best.score >= (ASIAN.includes(best.encoding) ? ENOUGH_OF_ASIAN : ENOUGH) ? best.encoding : undefined
}

function votesFor(sample: Uint8Array): Map<string, number> {
  const votes = new Map<string, number>()
  for (const { name, confidence } of analyse(sample)) {
    const named = NAMES[name] ?? name.toLowerCase()
    for (const encoding of [named, ...(RELATED[named] ?? [])])
      votes.set(encoding, Math.max(votes.get(encoding) ?? 0, confidence / 100))
  }
  return votes
}

/** What browsers call an encoding. */
const NAMES: Readonly<Record<string, string>> = {
  'ISO-8859-1': 'windows-1252',
  'ISO-8859-9': 'windows-1254',
  'ISO-8859-8-I': 'iso-8859-8',
}

const SAMPLE = 3_000
const isForeign = (byte: number) => byte >= 0x80
/** Line ends and tags' brackets: bytes that are a part of no character in these encodings. */
const isSeparator = (byte: number) => byte === 0x0a || byte === 0x0d || byte === 0x3c || byte === 0x3e
const SPACE = Uint8Array.of(0x20)

/** Lines, and what stands between tags, with bytes that are not ASCII: from `start`, as many as fill the sample. */
function foreignLines(bytes: Uint8Array, start: number): Buffer {
  const lines: Uint8Array[] = []
  for (let at = start, size = 0; size < SAMPLE; ) {
    const foreign = next(bytes, at, bytes.length, isForeign)
    if (foreign === bytes.length) break
    const before = bytes.subarray(Math.max(at, foreign - SAMPLE), foreign)
    const end = next(bytes, foreign, foreign + SAMPLE, isSeparator)
    const line = bytes.subarray(foreign - before.length + before.findLastIndex(isSeparator) + 1, end)
    lines.push(line, SPACE)
    size += line.length
    at = end
  }
  return Buffer.concat(lines)
}

function next(bytes: Uint8Array, from: number, to: number, isIt: (byte: number) => boolean): number {
  const end = Math.min(to, bytes.length)
  for (let at = from; at < end; at++) if (isIt(bytes[at] ?? 0)) return at
  return end
}
