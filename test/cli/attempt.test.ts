import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError, ApiUnreachable } from '../../cli/api/api-error.ts'
import { attempt } from '../../cli/attempt.ts'

const items = ['a', 'b', 'c', 'd'].map((name) => ({ name }))

/** Tries the items, of which the second is refused like this. */
async function attempts(refusal: Error) {
  const tried: string[] = []
  const { done, failed } = await attempt(items, async ({ name }) => {
    tried.push(name)
    if (name === 'b') throw refusal
    return name
  })
  return { tried, done, failed: failed.map(({ name, code }) => `${name} ${code}`) }
}

test('what is done one by one goes on past what is refused', async () => {
  const { done, failed } = await attempts(new ApiError(409, { code: 'FILE_IN_USE', detail: 'Used.' }))
  assert.deepEqual([done, failed], [['a', 'c', 'd'], ['b FILE_IN_USE']])
})

test('what was done is told where the API goes away, or the key is refused, and the rest fails untried', async () => {
  const revoked = new ApiError(401, { code: 'UNAUTHENTICATED', detail: 'No.' })
  for (const [refusal, code] of [
    [revoked, 'UNAUTHENTICATED'],
    [new ApiUnreachable('Away.'), 'API_UNREACHABLE'],
  ] as const)
    assert.deepEqual(await attempts(refusal), {
      ...{ tried: ['a', 'b'], done: ['a'] },
      failed: ['b', 'c', 'd'].map((name) => `${name} ${code}`),
    })
  await assert.rejects(attempts(new TypeError('A bug.')), TypeError)
})
