import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodePart, encodePart } from '../../activities/part-format.ts'
import type { EmbeddedChunk } from '../../domain/chunk.ts'

const chunk = (index: number, text: string, vector: Float32Array): EmbeddedChunk => ({
  index,
  text,
  tokens: 3,
  pageStart: 1,
  pageEnd: 2,
  headingPath: ['Tides', 'Ä\n\u2028'],
  startOffset: 0,
  endOffset: text.length,
  vector,
})

test('gives back what was written, whatever characters and numbers are in it', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }).chain((length) => {
        const vector = fc.float32Array({ minLength: length, maxLength: length })
        return fc.array(fc.tuple(fc.string({ unit: 'binary' }), vector), { maxLength: 9 })
      }),
      (written) => {
        const chunks = written.map(([text, vector], index) => chunk(index, text.toWellFormed(), vector))
        assert.deepEqual(decodePart(encodePart(chunks)), chunks)
      },
    ),
  ))

test('is refused where it was cut short or changed anywhere in its vectors', () => {
  const part = encodePart([chunk(0, 'a', Float32Array.of(0.6, 0.8)), chunk(1, 'b', Float32Array.of(1, 0))])
  for (let length = 0; length < part.length; length++)
    assert.throws(() => decodePart(part.subarray(0, length)), `cut to ${length} bytes`)
  const changed = Buffer.from(part)
  changed.writeFloatLE(0.7, part.length - 8)
  assert.throws(() => decodePart(changed), /not as it was written/)
})
