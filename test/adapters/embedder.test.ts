import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { HashingEmbedder } from '../../adapters/hashing-embedder.ts'
import { MeteredEmbedder } from '../../adapters/metered-embedder.ts'
import { OpenAiEmbedder } from '../../adapters/openai-embedder.ts'
import { countTokens } from '../../adapters/tokenizer.ts'
import { watchedEmbedder } from '../../adapters/watched-embedder.ts'
import { LastCall } from '../../domain/last-call.ts'
import type { Embedder } from '../../domain/ports.ts'
import { startOpenAiServer } from '../support/openai-server.ts'
import { recordingMeter } from '../support/recording-meter.ts'

type OpenAiServer = Awaited<ReturnType<typeof startOpenAiServer>>

const MODEL = { model: 'text-embedding-3-small', dimensions: 512 }
let openai: OpenAiServer

before(async () => {
  openai = await startOpenAiServer()
})
after(() => openai.close())

const SUBJECTS: Record<string, () => Embedder> = {
  hashing: () => new HashingEmbedder({ dimensions: 512 }),
  'OpenAI (wire server)': () => new OpenAiEmbedder({ ...MODEL, apiKey: openai.apiKey, baseUrl: openai.baseUrl }),
  'OpenAI of the environment': () =>
    new OpenAiEmbedder({ ...MODEL, apiKey: process.env.OPENAI_API_KEY ?? '', baseUrl: process.env.OPENAI_BASE_URL }),
}

for (const [name, create] of Object.entries(SUBJECTS))
  describe(`embedder: ${name}`, {
    skip: name.endsWith('environment') && !process.env.OPENAI_API_KEY && 'OPENAI_API_KEY is not set',
  }, () => {
    test('gives one vector of length 1 per text, in their order', async () => {
      const embedder = create()
      const texts = ['The tide gauge', 'Zwölf Boxkämpfer jagen Viktor', '漢字かな交じり文', '…!?', 'x'.repeat(500)]
      const together = await embedder.embed(texts)
      assert.equal(together.length, texts.length)
      for (const [i, vector] of together.entries()) {
        assert.equal(vector.length, 512)
        assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-4)
        const [alone] = await embedder.embed([texts[i] ?? ''])
        assert.ok(similarity(vector, alone) > 0.999, texts[i])
      }
    })

    test('puts similar texts closer together than others', async () => {
      const [query, near, far] = await create().embed([
        'how is the tide gauge calibrated',
        'The tide gauge is calibrated every spring.',
        'Warranty claims need the invoice.',
      ])
      assert.ok(similarity(query, near) > similarity(query, far))
    })

    test('takes more texts than one request may hold', async () => {
      const vectors = await create().embed(Array.from({ length: 2_100 }, (_, i) => `text ${i}`))
      assert.equal(vectors.length, 2_100)
    })
  })

describe('OpenAiEmbedder', () => {
  const create = (options: Partial<ConstructorParameters<typeof OpenAiEmbedder>[0]> = {}) =>
    new OpenAiEmbedder({ ...MODEL, apiKey: openai.apiKey, baseUrl: openai.baseUrl, ...options })

  for (const [status, headers, body, code, retryAfterMs] of [
    [401, {}, undefined, 'EMBEDDING_AUTH', undefined],
    [403, {}, undefined, 'EMBEDDING_AUTH', undefined],
    [404, {}, undefined, 'EMBEDDING_AUTH', undefined],
    [403, {}, { error: { code: 'model_not_found' } }, 'EMBEDDING_AUTH', undefined],
    [400, {}, undefined, 'EMBEDDING_REJECTED', undefined],
    [429, { 'retry-after': '3' }, undefined, 'EMBEDDING_RATE_LIMITED', 3_000],
    [429, { 'retry-after-ms': '250' }, undefined, 'EMBEDDING_RATE_LIMITED', 250],
    [
      429,
      {},
      { error: { code: 'insufficient_quota', type: 'insufficient_quota' } },
      'EMBEDDING_QUOTA_EXHAUSTED',
      undefined,
    ],
    [500, {}, undefined, 'EMBEDDING_UNAVAILABLE', undefined],
    [200, {}, { object: 'list', data: [] }, 'EMBEDDING_UNAVAILABLE', undefined],
    [200, {}, { data: [{ index: 0, embedding: [1, 2, 3] }] }, 'DIMENSION_MISMATCH', undefined],
  ] as const)
    test(`makes ${code} of status ${status} ${JSON.stringify(body ?? headers)}, after one request`, async () => {
      const before = openai.server.count('/v1/embeddings')
      openai.server.failNext({ status, times: 1, headers, ...(body && { body }) })
      await assert.rejects(
        create().embed(['the secret text']),
        (error: Error & { code: string; retryAfterMs?: number }) => {
          assert.equal(error.code, code)
          assert.equal(error.retryAfterMs, retryAfterMs)
          assert.doesNotMatch(error.message, /secret text|sk-test/)
          return true
        },
      )
      assert.equal(openai.server.count('/v1/embeddings'), before + 1)
      openai.server.heal()
    })

  test('says EMBEDDING_UNAVAILABLE where nothing listens', async () => {
    await assert.rejects(create({ baseUrl: 'http://127.0.0.1:1' }).embed(['a']), { code: 'EMBEDDING_UNAVAILABLE' })
  })

  test('stops when it is told to', async () => {
    const abort = new AbortController()
    abort.abort(new Error('cancelled'))
    await assert.rejects(create().embed(['a'], { signal: abort.signal }), /cancelled/)
  })
})

describe('what is told of calls for embeddings', () => {
  const refuse = (status: number) => openai.server.failNext({ status, times: 1 })
  const create = () => new OpenAiEmbedder({ ...MODEL, apiKey: openai.apiKey, baseUrl: openai.baseUrl })

  test('counts what was cancelled as CANCELLED, and a bug as INTERNAL', async () => {
    const { meter, recorded } = recordingMeter()
    const embedder = new MeteredEmbedder(create(), meter)
    await embedder.embed(['a'])
    refuse(401)
    await assert.rejects(embedder.embed(['a']))
    await assert.rejects(embedder.embed(['a'], { signal: AbortSignal.abort(new Error('cancelled')) }), /cancelled/)
    const broken: Embedder = {
      ...watchedEmbedder(new HashingEmbedder({ dimensions: 8 }), new LastCall()),
      embed: () => Promise.reject(new TypeError('a bug')),
    }
    await assert.rejects(new MeteredEmbedder(broken, meter).embed(['a']), TypeError)
    assert.deepEqual(
      recorded.expertsmith_embedding_requests?.map(({ outcome }) => outcome),
      ['ok', 'EMBEDDING_AUTH', 'CANCELLED', 'INTERNAL'],
    )
  })

  test('keeps how the last one ended, and since when calls end so', async () => {
    const last = new LastCall()
    const embedder = watchedEmbedder(create(), last)
    assert.deepEqual([last.outcome], [undefined])
    refuse(401)
    await assert.rejects(embedder.embed(['a']))
    const since = last.outcome?.since
    refuse(401)
    await assert.rejects(embedder.embed(['a']))
    await assert.rejects(embedder.embed(['a'], { signal: AbortSignal.abort(new Error('cancelled')) }), /cancelled/)
    assert.deepEqual([last.outcome?.code, last.outcome?.since], ['EMBEDDING_AUTH', since])
    refuse(400)
    await assert.rejects(embedder.embed(['a']))
    assert.equal(last.outcome?.code, undefined, 'a text that is refused is answered')
    assert.ok(last.outcome)
  })
})

test('the tokenizer takes special tokens for text, and long runs without a space in linear time', () => {
  assert.ok(countTokens('<|endoftext|>') > 1)
  const start = performance.now()
  countTokens('x'.repeat(1_000_000))
  assert.ok(performance.now() - start < 20_000, 'quadratic counting would take minutes')
})

function similarity(a: Float32Array | undefined, b: Float32Array | undefined): number {
  assert.ok(a && b)
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
}
