import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { decodeText } from '../../adapters/extraction/text/decode-text.ts'

const RUSSIAN = 'Все люди рождаются свободными и равными'
const CHINESE = '人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。'

const hex = (bytes: string) => Buffer.from(bytes, 'hex')
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16()
const utf32 = (text: string, littleEndian: boolean) => {
  const view = new DataView(new ArrayBuffer(4 * [...text].length))
  for (const [index, each] of [...text].entries()) view.setUint32(4 * index, each.codePointAt(0) ?? 0, littleEndian)
  return new Uint8Array(view.buffer)
}

describe('Unicode', () => {
  test('is read as UTF-8, with and without a byte order mark', () => {
    assert.deepEqual(decodeText(Buffer.from('Grüße, 世界 😀')), { text: 'Grüße, 世界 😀', encoding: 'utf-8' })
    assert.deepEqual(decodeText(Buffer.from('\ufeffGrüße')), { text: 'Grüße', encoding: 'utf-8' })
    assert.deepEqual(decodeText(Buffer.from('plain')), { text: 'plain', encoding: 'utf-8' })
  })

  test('is read as UTF-16 and UTF-32 with a byte order mark', () => {
    const text = `${RUSSIAN} 😀`
    assert.deepEqual(decodeText(Buffer.from(`\ufeff${text}`, 'utf16le')), { text, encoding: 'utf-16le' })
    assert.deepEqual(decodeText(utf16be(`\ufeff${text}`)), { text, encoding: 'utf-16be' })
    assert.deepEqual(decodeText(utf32(`\ufeff${text}`, true)), { text, encoding: 'utf-32le' })
    assert.deepEqual(decodeText(utf32(`\ufeff${text}`, false)), { text, encoding: 'utf-32be' })
  })

  test('is read as UTF-16 without a byte order mark, in any script, and in a short table', () => {
    for (const text of [
      RUSSIAN,
      `${CHINESE}\n`.repeat(3),
      'Grüße aus Köln',
      'Date,Bid\r\n07/19,1.083\r\n',
      'id\n1\n',
    ]) {
      assert.deepEqual(decodeText(Buffer.from(text, 'utf16le')), { text, encoding: 'utf-16le' })
      assert.deepEqual(decodeText(utf16be(text)), { text, encoding: 'utf-16be' })
    }
  })

  test('survives: any text with a byte order mark, any without control characters as UTF-8', () => {
    const text = fc.string({ unit: 'binary' }).filter((each) => !/[\p{Cc}\ufffe\uffff]/u.test(each))
    fc.assert(
      fc.property(text, (each) => {
        const marked = each.startsWith('\ufeff') ? each : `\ufeff${each}`
        assert.equal(decodeText(Buffer.from(each))?.text, each.replace(/^\ufeff/, ''))
        assert.equal(decodeText(Buffer.from(marked, 'utf16le'))?.text, marked.slice(1))
        assert.equal(decodeText(utf16be(marked))?.text, marked.slice(1))
      }),
    )
  })

  test('is UTF-8 still where it was cut off, or one byte among many is wrong', () => {
    assert.equal(decodeText(Buffer.from(RUSSIAN).subarray(0, -1))?.text, RUSSIAN.slice(0, -1))
    const broken = Buffer.from(`${RUSSIAN}\n`.repeat(1_500))
    broken[70_000] = 0xff
    assert.match(decodeText(broken)?.text ?? '', /\ufffd/)
    const ascii = Buffer.alloc(100_000, 'The quick brown fox jumps. ')
    ascii[50_000] = 0x81
    assert.equal(decodeText(ascii)?.encoding, 'utf-8')
  })
})

describe('a declared encoding', () => {
  test('is believed where the bytes do not contradict it', () => {
    const short = hex('cceef1eae2e0')
    assert.deepEqual(decodeText(short, 'Windows-1251'), { text: 'Москва', encoding: 'windows-1251' })
    assert.equal(decodeText(Buffer.from('Москва'), 'windows-1251')?.text, 'Москва')
    assert.deepEqual(decodeText(latin1('Die Stra\xdfe f\xfchrt'), 'utf-8')?.encoding, 'windows-1252')
    assert.equal(decodeText(Buffer.from('plain'), 'no-such-encoding')?.text, 'plain')
  })
})

describe('what is refused', () => {
  test('is text in an encoding that is not known, rather than indexed as garbage', () => {
    // Polish and Russian as MS-DOS had them, code pages 852 and 855.
    assert.equal(
      decodeText(latin1('Wszyscy ludzie rodz\xa5 si\xa9 wolni i r\xa2wni pod wzgl\xa9dem swej godno\x98ci')),
      undefined,
    )
    assert.equal(decodeText(hex('ddd4c620d0e7a6b720e1d6e9a6a0e7e5e4de20e4ebd6a2d6a6d4f1d2b7')), undefined)
  })

  test('is binary: random, compressed, an image, a program, numbers, text with many NULs', () => {
    const png = hex('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489')
    const elf = hex('7f454c4602010100000000000000000003003e0001000000a06d000000000000')
    const numbers = Buffer.from(Float64Array.from({ length: 100 }, (_, index) => Math.sin(index)).buffer)
    const nul = [Buffer.from('abc\0'.repeat(500)), Buffer.from([...RUSSIAN].join('\0')), Buffer.alloc(1_000)]
    for (const bytes of [randomBytes(10_000), deflateSync(RUSSIAN.repeat(50)), png, elf, numbers, ...nul])
      assert.equal(decodeText(bytes), undefined)
  })

  test('is never an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const decoded = decodeText(bytes)
        assert.ok(decoded === undefined || decoded.text.length <= bytes.length)
      }),
    )
  })

  test('is refused without reading it to the end', () => {
    const large = Buffer.concat([
      Buffer.alloc(20_000_000, 'plain text\n'),
      Buffer.alloc(80_000_000, randomBytes(1_000)),
    ])
    const start = performance.now()
    assert.equal(decodeText(large), undefined)
    assert.ok(performance.now() - start < 1_000)
  })
})
