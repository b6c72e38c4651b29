import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { exifOrientation } from '../../adapters/extraction/ocr/exif-orientation.ts'
import { toPgm } from '../../adapters/extraction/ocr/grey-image.ts'
import { tiffPages } from '../../adapters/extraction/ocr/tiff-pages.ts'

describe('The orientation of a photograph', () => {
  const jpeg = (...tiff: number[]) =>
    Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, 34]), Buffer.from('Exif\0\0'), Buffer.from(tiff)])
  const big = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]
  const little = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 3, 0, 0, 0]

  test('is read in both byte orders', () => {
    assert.equal(exifOrientation(jpeg(...big)), 6)
    assert.equal(exifOrientation(jpeg(...little)), 3)
  })

  test('is upright where nothing says otherwise', () => {
    assert.equal(exifOrientation(Buffer.from('garbage')), 1)
    assert.equal(exifOrientation(jpeg()), 1)
    assert.equal(exifOrientation(jpeg(...big.slice(0, 9), 200)), 1)
  })
})

test('a grey picture is a header and its pixels', () => {
  assert.deepEqual(Buffer.from(toPgm(2, 1, Uint8Array.of(0, 255))), Buffer.from('P5\n2 1\n255\n\0\xff', 'latin1'))
})

test('a grey picture has as many bytes as pixels', () =>
  assert.throws(() => toPgm(2, 2, new Uint8Array(3)), RangeError))

describe('The pages of a TIFF', () => {
  /** Directories without an entry, each with where the next one is. */
  const tiff = (...next: number[]) => {
    const bytes = Buffer.alloc(8 + next.length * 6)
    bytes.write('II*\0\x08', 'latin1')
    for (const [index, offset] of next.entries()) bytes.writeUInt32LE(offset, 8 + index * 6 + 2)
    return bytes
  }

  test('are counted', () => {
    assert.equal(tiffPages(tiff(0)), 1)
    assert.equal(tiffPages(tiff(14, 20, 0)), 3)
    assert.equal(tiffPages(Buffer.from([0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 0, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0])), 2)
  })

  test('end where they lead nowhere, or back, and any other picture has one', () => {
    assert.equal(tiffPages(tiff(4_000)), 2)
    assert.equal(tiffPages(tiff(8)), 10_000)
    assert.equal(tiffPages(Buffer.from('PNG')), 1)
  })
})
