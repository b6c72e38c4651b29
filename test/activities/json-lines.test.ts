import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromJsonLines, toJsonLines } from '../../activities/json-lines.ts'

const roundTrip = (values: readonly unknown[]) => Array.fromAsync(fromJsonLines(toJsonLines(values)))

test('gives back what was written, whatever characters are in it', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ text: fc.string({ unit: 'binary' }) }, { noNullPrototype: true }), { maxLength: 20 }),
      async (values) => {
        assert.deepEqual(await roundTrip(values), values)
      },
    ),
  ))

test('knows one kind of line break only', async () => {
  const text = 'one\u2028two\u2029three\u0085four\r\nfive'
  assert.deepEqual(await roundTrip([{ text }, { text }]), [{ text }, { text }])
})

test('gives back lines that are longer than a piece of the stream', async () => {
  const values = [{ text: 'ä'.repeat(3_000_000) }, { text: 'short' }]
  assert.deepEqual(await roundTrip(values), values)
})

test('says that an object is damaged', async () => {
  await assert.rejects(Array.fromAsync(fromJsonLines(Readable.from([Buffer.from('no gzip')]))), /header check/)
})
