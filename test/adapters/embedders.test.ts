import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openEmbedders } from '../../adapters/embedders.ts'
import { inBulk } from '../../adapters/from-config.ts'
import type { RateLimitOptions } from '../../adapters/postgres-rate-limit.ts'
import { watchingChosen } from '../../adapters/watched-embedder.ts'
import type { EmbeddingsConfig } from '../../config.ts'
import { providerOf } from '../../domain/embedders.ts'
import { fitChunking } from '../../domain/fit-chunking.ts'
import { LastCall } from '../../domain/last-call.ts'
import type { Embedder } from '../../domain/ports.ts'
import { priceOf } from '../../domain/usage.ts'
import { fakeSetUp } from '../support/fake-local-setup.ts'
import { installedPackage, modelMissing, modelPath } from '../support/local-model.ts'
import { startOpenAiServer } from '../support/openai-server.ts'

const LARGE = { embeddingModel: 'text-embedding-3-large', embeddingDimensions: 3_072 }
const LOCAL = { embeddingModel: 'all-MiniLM-L6-v2@1f2a3b4c', embeddingDimensions: 384 }
const hashing = (embeddingDimensions: number) => ({ embeddingModel: 'hashing-v1', embeddingDimensions })

const HASHING: EmbeddingsConfig = { provider: 'hashing', reason: 'the test wants it', hashing: { dimensions: 256 } }
const OPENAI: EmbeddingsConfig = {
  ...{ provider: 'openai', reason: 'there is a key', hashing: { dimensions: 1_024 } },
  openai: { apiKey: 'sk-…', baseUrl: undefined, model: 'text-embedding-3-small', dimensions: 1_536 },
}

describe('embedders', () => {
  test('of new experts are as chosen, and those of older ones as they were made, whatever is chosen', async () => {
    const embedders = await openEmbedders(OPENAI)
    const { chosen, provider, reason } = embedders
    assert.deepEqual(
      [chosen.model, chosen.dimensions, provider, reason],
      [...['text-embedding-3-small', 1_536, 'openai', 'there is a key']],
    )
    const large = embedders.of(LARGE)
    assert.deepEqual([large.model, large.dimensions], ['text-embedding-3-large', 3_072])
    for (const dimensions of [64, 256, 1_024]) {
      const lexical = embedders.of(hashing(dimensions))
      assert.equal((await lexical.embed(['pump']))[0]?.length, dimensions)
    }
  })

  test('are made once each, and wrapped as the process wants it', async () => {
    const wrapped: string[] = []
    const embedders = await openEmbedders(OPENAI, {
      wrap: (embedder, provider) => {
        wrapped.push(`${provider} ${embedder.model} ${embedder.dimensions}`)
        return embedder
      },
    })
    assert.equal(embedders.of(hashing(64)), embedders.by('hashing', { dimensions: 64 }))
    assert.equal(embedders.by('openai'), embedders.chosen)
    assert.equal(embedders.of(LARGE), embedders.of(LARGE))
    assert.deepEqual(wrapped, [
      'openai text-embedding-3-small 1536',
      'hashing hashing-v1 64',
      'openai text-embedding-3-large 3072',
    ])
  })

  test('that only an estimate was asked for are not kept', async () => {
    let made = 0
    const wrap = (embedder: Embedder) => {
      made += 1
      return embedder
    }
    const embedders = await openEmbedders(OPENAI, { wrap })
    for (const model of ['a', 'b', 'a', 'a']) assert.equal(embedders.by('openai', { model }).model, model)
    assert.equal(made, 5)
  })

  test('whose model the service does not have are told with both models, and only the chosen one makes it unwell', async (t) => {
    const { apiKey, baseUrl, server } = await startOpenAiServer()
    t.after(() => server.close())
    const openai = { apiKey, baseUrl, model: 'text-embedding-3-small', dimensions: 1_536 }
    const last = new LastCall()
    const embedders = await openEmbedders({ ...OPENAI, openai }, { wrap: watchingChosen(last) })
    server.failNext({ status: 404, times: 2 })
    await assert.rejects(embedders.of(LARGE).embed(['a']), {
      code: 'EMBEDDING_MODEL_MISMATCH',
      message: /reindex.+no model text-embedding-3-large; EMBEDDING_MODEL is text-embedding-3-small/,
    })
    assert.deepEqual([last.outcome], [undefined])
    await assert.rejects(
      embedders.of({ ...LARGE, embeddingModel: openai.model, embeddingDimensions: 1_536 }).embed(['a']),
      {
        code: 'EMBEDDING_AUTH',
        message: /no model text-embedding-3-small; check EMBEDDING_MODEL/,
      },
    )
    assert.equal(last.outcome?.code, 'EMBEDDING_AUTH')
  })

  test('that are not here are told with both models, why, and the way out', async () => {
    const embedders = await openEmbedders({ ...HASHING, whyNotLocal: 'there is no onnx in /m' })
    const mismatch = (message: RegExp) => ({ code: 'EMBEDDING_MODEL_MISMATCH', message })
    assert.throws(
      () => embedders.of(LARGE),
      mismatch(
        /POST \/experts.+reindex.+text-embedding-3-large \(3072\).+hashing-v1 \(256\).+OPENAI_API_KEY is not set/,
      ),
    )
    assert.throws(() => embedders.of(LOCAL), mismatch(/1f2a3b4c \(384\).+no onnx in \/m; npm run setup:local/))
    assert.throws(
      () => embedders.of({ embeddingModel: 'hashing-v9', embeddingDimensions: 8 }),
      mismatch(/hashing-v9 \(8\).+this version makes hashing-v1/),
    )
    assert.throws(() => embedders.by('openai'), mismatch(/OPENAI_API_KEY is not set/))
    assert.throws(() => embedders.by('local'), mismatch(/npm run setup:local/))
    await embedders.close()
  })

  test('of a service wait for a limit of their model; those of this machine for none', async () => {
    const limits: RateLimitOptions[] = []
    const config = { ...OPENAI, ...(OPENAI.openai && { openai: { ...OPENAI.openai, tokensPerMinute: 1_000 } }) }
    const limit = (options: RateLimitOptions) => {
      limits.push(options)
      return { reserve: async () => 0 }
    }
    const embedders = await openEmbedders(config, { wrap: inBulk(config, { limit }) })
    embedders.of(LARGE)
    embedders.of(hashing(8))
    assert.deepEqual(
      limits.map(({ name, tokensPerMinute }) => [name, tokensPerMinute]),
      [
        ['embedding:text-embedding-3-small', 1_000],
        ['embedding:text-embedding-3-large', 1_000],
      ],
    )
  })
})

test('a local model that is not chosen and cannot be used is told once an expert needs it; a chosen one at once', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-local-'))
  t.after(() => rm(dir, { recursive: true }))
  await fakeSetUp(dir)
  const local = { modelPath: join(dir, 'model'), packageDir: join(dir, 'package'), threads: 1 }
  const embedders = await openEmbedders({ ...HASHING, local })
  assert.equal(embedders.chosen.model, 'hashing-v1')
  assert.throws(() => embedders.of(LOCAL), { code: 'EMBEDDING_MODEL_MISMATCH', message: /config\.json cannot be read/ })
  await assert.rejects(openEmbedders({ ...HASHING, local, provider: 'local' }), /config\.json cannot be read/)
})

test('a local model that is not chosen serves the experts that were made with it, and no others', {
  skip: modelMissing,
}, async (t) => {
  const local = { modelPath, packageDir: await installedPackage(), threads: 1 }
  const embedders = await openEmbedders({ ...HASHING, local })
  t.after(() => embedders.close())
  const { model, dimensions } = embedders.by('local')
  const one = embedders.of({ embeddingModel: model, embeddingDimensions: dimensions })
  assert.deepEqual([(await one.embed(['tide']))[0]?.length, embedders.chosen.model], [384, 'hashing-v1'])
  assert.throws(() => embedders.of(LOCAL), {
    code: 'EMBEDDING_MODEL_MISMATCH',
    message: new RegExp(`1f2a3b4c .384.+the local model that is set up is ${model} .384.+EMBEDDING_MODEL_PATH`),
  })
})

test('whose a model is, is told by its name; what this machine embeds has a price, which is none', () => {
  const models = ['hashing-v1', LOCAL.embeddingModel, 'text-embedding-3-small', 'nomic-embed-text', 'org/model@main']
  assert.deepEqual(models.map(providerOf), ['hashing', 'local', 'openai', 'openai', 'openai'])
  const prices = { 'text-embedding-3-small': 0.02 }
  assert.deepEqual(
    models.map((model) => priceOf(prices, model)),
    [null, 0, 0.02, null, null],
  )
  assert.equal(priceOf({ [LOCAL.embeddingModel]: 0.01 }, LOCAL.embeddingModel), 0.01)
})

test('chunks are no larger than what the model takes', () => {
  const sizes = { maxTokens: 300, overlapTokens: 60 }
  assert.deepEqual(fitChunking(sizes, { tokensPerInput: 254 }), { maxTokens: 254, overlapTokens: 60 })
  assert.deepEqual(fitChunking(sizes, { tokensPerInput: 8_191 }), sizes)
})
