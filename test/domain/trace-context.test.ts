import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatTraceparent, parseTraceparent, spanOfRun } from '../../domain/trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

test('a traceparent is read as it is written', () => {
  for (const isSampled of [true, false]) {
    const context = { traceId: TRACE, spanId: '00f067aa0ba902b7', isSampled }
    assert.deepEqual(parseTraceparent(formatTraceparent(context)), context)
  }
})

test('what is no traceparent, or the one that means none, is not taken for one', () => {
  for (const text of [
    undefined,
    7,
    '',
    'x',
    `00-${TRACE}-00f067aa0ba902b7`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
  ])
    assert.equal(parseTraceparent(text), undefined)
  assert.equal(parseTraceparent(`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`), undefined)
  assert.equal(parseTraceparent(`00-${TRACE}-${'0'.repeat(16)}-01`), undefined)
})

test('the span of a run is told by its id', () => {
  assert.equal(spanOfRun('0b9e2c3a-6d5a-4c0e-9d55-7f3f3a1f0c11'), '9d557f3f3a1f0c11')
})
