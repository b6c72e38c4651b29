import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CoalescingEmbedder } from '../../adapters/coalescing-embedder.ts'
import { Failure } from '../../domain/failure.ts'
import type { Embedder, EmbeddingCost } from '../../domain/ports.ts'

/** An embedder whose requests are answered when the test says so; a text's vector is its length. */
class Service implements Embedder {
  readonly model = 'test'
  readonly isSemantic = true
  readonly dimensions = 1
  readonly limits = { inputs: 4, tokensPerInput: 100, tokensPerCall: 100 }
  readonly countTokens = (text: string) => text.length
  readonly requests: {
    texts: readonly string[]
    answer: () => void
    refuse: (error: Error) => void
    signal?: AbortSignal | undefined
  }[] = []
  readonly costs: EmbeddingCost[] = []
  waitMs = 0

  embed(texts: readonly string[], { signal }: { signal?: AbortSignal | undefined } = {}) {
    return new Promise<Float32Array[]>((resolve, reject) => {
      const answer = () => resolve(texts.map((text) => Float32Array.of(text.length)))
      signal?.addEventListener('abort', () => reject(signal.reason))
      this.requests.push({ texts, answer, refuse: reject, signal })
    })
  }

  reserve = async (cost: EmbeddingCost) => {
    this.costs.push(cost)
    return this.waitMs
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('CoalescingEmbedder', () => {
  const create = (concurrency = 1) => {
    const service = new Service()
    return { service, embedder: new CoalescingEmbedder(service, { rateLimit: service, concurrency }) }
  }

  test('puts what comes while a request is under way into the next one, and gives everybody the own vectors', async () => {
    const { service, embedder } = create()
    const answers = ['a', 'bb', 'ccc'].map((text) => embedder.embed([text]))
    await settled()
    assert.deepEqual(
      service.requests.map(({ texts }) => texts),
      [['a']],
    )
    service.requests[0]?.answer()
    await settled()
    assert.deepEqual(service.requests[1]?.texts, ['bb', 'ccc'])
    service.requests[1]?.answer()
    assert.deepEqual(
      (await Promise.all(answers)).map(([vector]) => vector?.[0]),
      [1, 2, 3],
    )
    assert.deepEqual(service.costs, [
      { requests: 1, tokens: 1 },
      { requests: 1, tokens: 5 },
    ])
  })

  test('keeps to what one request may hold', async () => {
    const { service, embedder } = create()
    const calls = [['first'], ['1', '2', '3'], ['4', '5'], ['x'.repeat(99)], ['yy']].map((texts) =>
      embedder.embed(texts),
    )
    for (let i = 0; i < 5; i++) {
      await settled()
      service.requests[i]?.answer()
    }
    await Promise.all(calls)
    assert.deepEqual(
      service.requests.map(({ texts }) => texts.length),
      [1, 3, 2, 1, 1],
    )
  })

  test('does not fail one file for the text of another that the service refuses', async () => {
    const { service, embedder } = create()
    const first = embedder.embed(['first'])
    const [good, bad] = [embedder.embed(['good']), embedder.embed(['bad'])]
    await settled()
    service.requests[0]?.answer()
    await first
    await settled()
    service.requests[1]?.refuse(new Failure('EMBEDDING_REJECTED'))
    await settled()
    service.requests[2]?.answer()
    await settled()
    service.requests[3]?.refuse(new Failure('EMBEDDING_REJECTED'))
    assert.equal((await good).length, 1)
    await assert.rejects(bad, { code: 'EMBEDDING_REJECTED' })
  })

  test('lets who is cancelled go at once, and gives a request up once nobody waits for it', async () => {
    const { service, embedder } = create()
    const [one, other] = [new AbortController(), new AbortController()]
    const busy = embedder.embed(['busy'])
    const calls = [one, other].map(({ signal }) => embedder.embed(['text'], { signal }))
    await settled()
    service.requests[0]?.answer()
    await busy
    await settled()
    one.abort(new Error('one'))
    await assert.rejects(calls[0] ?? busy, /one/)
    assert.equal(service.requests[1]?.signal?.aborted, false)
    other.abort(new Error('other'))
    await assert.rejects(calls[1] ?? busy, /other/)
    assert.equal(service.requests[1]?.signal?.aborted, true)
  })

  test('has as many requests under way as it may', async () => {
    const { service, embedder } = create(2)
    const calls = ['a', 'b', 'c'].map((text) => embedder.embed([text]))
    await settled()
    assert.equal(service.requests.length, 2)
    for (const { answer } of service.requests) answer()
    await settled()
    service.requests[2]?.answer()
    await Promise.all(calls)
  })
})
