import fc from 'fast-check'
import type { UnzipFileInfo } from 'fflate'
import { unzipSync, zipSync } from 'fflate'

/** One way to damage a file; the name tells where and how, for a person. */
export type Mutation = { readonly name: string; readonly apply: (bytes: Buffer) => Buffer }

/** A place in a file of any length: from 0 to 1. */
const place = fc.nat(2 ** 31 - 1).map((value) => value / 2 ** 31)
const at = (bytes: Buffer, share: number) => Math.floor(share * bytes.length)
const percent = (share: number) => `${(100 * share).toFixed(4)} %`
const blockLength = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 8_192 }))

const truncation = place.map((end) => ({
  name: `cut off at ${percent(end)}`,
  apply: (bytes: Buffer) => bytes.subarray(0, at(bytes, end)),
}))

const bitFlips = fc
  .array(fc.tuple(place, fc.nat(7)), { minLength: 1, maxLength: 64, size: 'max' })
  .map((flips) => ({ name: `${flips.length} bits flipped`, apply: (bytes: Buffer) => flipBits(bytes, flips) }))

function flipBits(bytes: Buffer, flips: readonly (readonly [share: number, bit: number])[]): Buffer {
  const flipped = Buffer.from(bytes)
  for (const [share, bit] of flips)
    if (flipped.length > 0) flipped.writeUInt8(flipped.readUInt8(at(bytes, share)) ^ (1 << bit), at(bytes, share))
  return flipped
}

/** Puts something in place of a block; the name tells what. */
const blockReplaced = (name: string, replacement: (block: Buffer) => Buffer) =>
  fc.tuple(place, blockLength).map(([start, length]) => ({
    name: `${length} bytes ${name} at ${percent(start)}`,
    apply: (bytes: Buffer) => {
      const [from, to] = [at(bytes, start), at(bytes, start) + length]
      return Buffer.concat([bytes.subarray(0, from), replacement(bytes.subarray(from, to)), bytes.subarray(to)])
    },
  }))

const zeros = blockReplaced('zeroed', (block) => Buffer.alloc(block.length))
const deletion = blockReplaced('deleted', () => Buffer.alloc(0))
const duplication = blockReplaced('doubled', (block) => Buffer.concat([block, block]))
const repetition = blockReplaced('repeated', (block) => Buffer.alloc(Math.min(block.length * 3_000, 2_000_000), block))

const MAGICS: Readonly<Record<string, string>> = {
  PDF: '%PDF-1.7\n',
  ZIP: 'PK\x03\x04',
  CFB: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1',
  RTF: '{\\rtf1',
  PNG: '\x89PNG\r\n\x1a\n',
  JPEG: '\xff\xd8\xff\xe0',
  TIFF: 'II*\0',
  'UTF-16': '\xff\xfe',
  'UTF-16BE': '\xfe\xff',
  'UTF-8': '\xef\xbb\xbf',
  HTML: '<!doctype html>',
  XML: '<?xml version="1.0"?>',
  mail: 'From: a\nTo: b\nSubject: c\n',
  GZIP: '\x1f\x8b\x08',
  MP3: 'ID3\x03',
  MP4: '\0\0\0\x18ftypmp42',
  TAR: `${'a'.repeat(257)}ustar`,
  EBML: '\x1a\x45\xdf\xa3',
  ASF: '\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9',
  RIFF: 'RIFF\xff\xff\xff\x7fWEBP',
}

const magic = fc.constantFrom(...Object.entries(MAGICS)).map(([name, signature]) => ({
  name: `begins like ${name}`,
  apply: (bytes: Buffer) => Buffer.concat([Buffer.from(signature, 'latin1'), bytes]),
}))

const NUMBERS = ['0', '-1', '1', '255', '65536', '2147483647', '4294967296', '99999999999999999999', '1e308', '']

/** Lengths, offsets, counts and levels, where a format writes them in digits. */
const number = fc.tuple(place, fc.constantFrom(...NUMBERS)).map(([start, value]) => ({
  name: `number becomes '${value}' at ${percent(start)}`,
  apply: (bytes: Buffer) => {
    const from = at(bytes, start)
    const rest = bytes.toString('latin1', from).replace(/\d+/, value)
    return Buffer.concat([bytes.subarray(0, from), Buffer.from(rest, 'latin1')])
  },
}))

const splice = (others: readonly Buffer[]) =>
  fc.tuple(fc.nat(others.length - 1), place, blockLength, place).map(([other, from, length, to]) => ({
    name: `${length} bytes of file ${other} put in at ${percent(to)}`,
    apply: (bytes: Buffer) => {
      const source = others[other] ?? Buffer.alloc(0)
      const block = source.subarray(at(source, from), at(source, from) + length)
      return Buffer.concat([bytes.subarray(0, at(bytes, to)), block, bytes.subarray(at(bytes, to))])
    },
  }))

/** Damages a part of an archive, and packs it again: damaged outside, it would not be read as far as its parts. */
const insideArchive = (mutation: fc.Arbitrary<Mutation>) =>
  fc.tuple(place, mutation).map(([share, { name, apply }]) => ({
    name: `in the archive's part ${percent(share)}: ${name}`,
    apply: (bytes: Buffer) => changePart(bytes, share, apply) ?? apply(bytes),
  }))

function changePart(bytes: Buffer, share: number, apply: Mutation['apply']): Buffer | undefined {
  const parts = partsOf(bytes)
  const names = Object.keys(parts)
  const name = names[Math.floor(share * names.length)]
  if (name === undefined) return undefined
  return Buffer.from(zipSync({ ...parts, [name]: apply(Buffer.from(parts[name] ?? [])) }, { level: 1 }))
}

/** The second mutation of an archive may find a size of gigabytes, which would be allocated here. */
const isOfBearableSize = ({ originalSize }: UnzipFileInfo) => originalSize < 50_000_000

function partsOf(bytes: Buffer): Record<string, Uint8Array> {
  try {
    return bytes.subarray(0, 2).equals(Buffer.from('PK')) ? unzipSync(bytes, { filter: isOfBearableSize }) : {}
  } catch {
    return {}
  }
}

/** Ways to damage a file, some of them by bytes of `others`; seldom several at once. */
export function mutations(others: readonly Buffer[]): fc.Arbitrary<readonly Mutation[]> {
  const anywhere = fc.oneof(
    truncation,
    bitFlips,
    zeros,
    deletion,
    duplication,
    repetition,
    magic,
    number,
    splice(others),
  )
  const one = fc.oneof({ weight: 3, arbitrary: anywhere }, { weight: 1, arbitrary: insideArchive(anywhere) })
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(one) },
    { weight: 1, arbitrary: fc.array(one, { minLength: 2, maxLength: 4 }) },
  )
}
