import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Slots } from '../../adapters/extraction/slots.ts'

/** Fills one slot, has the others wait, then lets all go; resolves with the order in which they worked. */
async function orderOf(
  waiting: readonly { name: string; fairnessKey?: string; signal?: AbortSignal }[],
  meanwhile = () => {},
) {
  const slots = new Slots(1)
  const order: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = slots.use(() => promise)
  const others = waiting.map(({ name, ...options }) => slots.use(async () => order.push(name), options))
  meanwhile()
  resolve()
  await Promise.allSettled([first, ...others])
  return order
}

describe('slots', () => {
  test('are given in the order of coming', async () => {
    assert.deepEqual(await orderOf([{ name: 'a' }, { name: 'b' }, { name: 'c' }]), ['a', 'b', 'c'])
  })

  test('are given to users in turn, however many of one wait', async () => {
    const many = ['a1', 'a2', 'a3'].map((name) => ({ name, fairnessKey: 'a' }))
    const few = ['b1', 'b2'].map((name) => ({ name, fairnessKey: 'b' }))
    assert.deepEqual(await orderOf([...many, ...few]), ['a1', 'b1', 'a2', 'b2', 'a3'])
  })

  test('are not given to who has left', async () => {
    const leaving = new AbortController()
    const waiting = [{ name: 'a' }, { name: 'gone', signal: leaving.signal }, { name: 'b' }]
    assert.deepEqual(await orderOf(waiting, () => leaving.abort()), ['a', 'b'])
  })
})
