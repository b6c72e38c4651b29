import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toPineconeBatches } from '../../adapters/pinecone-batches.ts'
import type { VectorRecord } from '../../domain/ports.ts'

const LIMIT = 2 * 1_048_576

const record = (number: number, value: number): VectorRecord => ({
  id: `00000000-0000-4000-8000-000000000000#${number}`,
  fileId: '00000000-0000-4000-8000-000000000000',
  chunk: {
    index: number,
    text: 'ü'.repeat(600),
    tokens: 300,
    pageStart: 1,
    pageEnd: 1,
    headingPath: [],
    startOffset: 0,
    endOffset: 600,
  },
  vector: new Float32Array(1_536).fill(value),
})

for (const [what, value] of [
  ['short numbers', 0],
  ['usual numbers', -0.0123456789],
  ['the longest numbers that there are', -0.98765432],
  ['tiny numbers', -1.1754944909521339e-38],
] as const)
  test(`a request to Pinecone with ${what} is not larger than it takes, and none is sent for little`, () => {
    const records = Array.from({ length: 200 }, (_, i) => record(i, value))
    const batches = [...toPineconeBatches(records)]
    assert.deepEqual(
      batches.flat().map(({ id }) => id),
      records.map(({ id }) => id),
    )
    for (const batch of batches)
      assert.ok(Buffer.byteLength(JSON.stringify({ vectors: batch, namespace: 'n' })) < LIMIT)
    assert.ok(batches.length <= 3)
    for (const { values } of batches.flat()) assert.ok(Math.abs((values[0] ?? 2) - Math.fround(value)) <= 0.5001e-8)
  })
