import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { countTokens as byLibrary } from 'gpt-tokenizer/encoding/cl100k_base'
import { countTokens } from '../../adapters/tokenizer.ts'

const words = fc.array(
  fc.constantFrom(
    'depth',
    ' Depth',
    "'s",
    "'LL",
    "'ſ",
    ' 1234',
    '\r\n',
    '  ',
    '\u3000',
    '日本',
    '👩‍👩‍👧',
    ' --',
    '<|endoftext|>',
    'é',
  ),
  { maxLength: 60 },
)
const text = fc.oneof(
  words.map((some) => some.join('')),
  fc.string({ unit: 'binary', maxLength: 200 }),
)

describe('counting tokens word by word', () => {
  test('gives what the library gives for the whole text', () => {
    const whole = (some: string) => byLibrary(some, { disallowedSpecial: new Set() })
    fc.assert(fc.property(text, (some) => assert.equal(countTokens(some), whole(some))))
  })

  test('takes a long run without a space in pieces, with no fewer tokens', () => {
    assert.ok(countTokens('x'.repeat(5_000)) >= byLibrary('x'.repeat(5_000)))
  })
})
