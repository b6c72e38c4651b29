import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { PostgresExpertStore } from '../../adapters/postgres-expert-store.ts'
import { LOCAL_USER_ID } from '../../api/principal.ts'
import type { Expert } from '../../domain/expert.ts'
import type { NewExpert } from '../../domain/ports.ts'
import { CREATE_EXPERT, createExpertId, createExpertStart } from '../../workflows/contract.ts'
import { installedPackage, modelMissing, modelPath } from '../support/local-model.ts'
import { startOpenAiServer } from '../support/openai-server.ts'
import type { FileJson } from '../support/requests.ts'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const MODEL = 'text-embedding-3-small'
const LOCAL = { embeddingModel: 'all-MiniLM-L6-v2@1f2a3b4c', embeddingDimensions: 384 }
const TEXT = 'The impeller of the bilge pump is replaced every second season. '
const QUERY = 'impeller of the bilge pump'

/** As it was made when something else was chosen. */
const make = (world: World, model: Partial<NewExpert>, files: readonly FileJson[] = []): Promise<Expert> =>
  new PostgresExpertStore(world.database.pool).insert(
    {
      ...{ id: randomUUID(), userId: LOCAL_USER_ID, name: 'Older', systemPrompt: 'Help.', voiceId: null },
      ...{ embeddingModel: 'hashing-v1', embeddingDimensions: 64, ...model },
    },
    files.map(({ id }) => id),
  )

describe('experts of several models, where OpenAI is chosen', () => {
  let openai: Awaited<ReturnType<typeof startOpenAiServer>>
  let world: World
  let api: Requests
  let file: FileJson

  before(async () => {
    openai = await startOpenAiServer()
    const { apiKey, baseUrl } = openai
    world = await startWorld({
      embeddings: {
        ...{ provider: 'openai', reason: 'EMBEDDINGS is not set, OPENAI_API_KEY is' },
        openai: { apiKey, baseUrl, model: MODEL, dimensions: 32 },
        hashing: { dimensions: 256 },
      },
      chat: { apiKey, baseUrl, model: 'gpt', contextTokens: 4_000, maxTokens: 500, timeoutMs: 10_000 },
    })
    api = new Requests(world.app)
    file = await api.upload('manual.txt', TEXT.repeat(30))
  })
  after(async () => {
    await world.close()
    await openai.close()
  })

  /** @returns how many texts OpenAI embeds meanwhile */
  async function embeddedBy(work: () => Promise<unknown>): Promise<number> {
    const before = openai.embedded.length
    await work()
    return openai.embedded.length - before
  }

  test('a new one is made with what is chosen, and says so, and why', async () => {
    const { id, embeddings } = await api.createExpert([file])
    const reason = 'EMBEDDINGS is not set, OPENAI_API_KEY is'
    assert.deepEqual(embeddings, { provider: 'openai', model: MODEL, dimensions: 32, reason })
    await api.until(id, 'ready')
    assert.deepEqual((await api.expert(id)).embeddings, embeddings)
    assert.equal(await embeddedBy(async () => assert.ok((await api.search(id, QUERY)).length > 0)), 1)
  })

  for (const embeddingDimensions of [64, 256])
    test(`one of hashing with ${embeddingDimensions} dimensions keeps it: files are added and found without OpenAI`, async () => {
      const { id } = await make(world, { embeddingDimensions })
      const spent = await embeddedBy(async () => {
        const { status } = await api.send('POST', `/experts/${id}/files`, { file_ids: [file.id] })
        assert.equal(status, 202)
        await api.until(id, 'ready')
        const [found] = await api.search(id, QUERY)
        assert.match(found?.text ?? '', /impeller/)
      })
      assert.equal(spent, 0)
      const { embeddings, cost } = await api.expert(id)
      assert.deepEqual(embeddings, {
        ...{ provider: 'hashing', model: 'hashing-v1', dimensions: embeddingDimensions, reason: null },
      })
      assert.equal(cost.tokens_embedded > 0, true)
    })

  test('one has chunks of its own size, where it has one', async () => {
    const chunking = { maxTokens: 40, overlapTokens: 0 }
    const usual = await make(world, {}, [file])
    const fine = await make(world, { chunking }, [file])
    for (const expert of [usual, fine]) await api.send('POST', `/experts/${expert.id}/files`, { file_ids: [file.id] })
    for (const expert of [usual, fine]) await api.until(expert.id, 'ready')
    const { rows } = await world.database.pool.query<{ chunks: number; recipe: string }>(
      'select chunks, recipe from expert_files where expert_id = any ($1) order by chunks',
      [[usual.id, fine.id]],
    )
    const [coarse, many] = rows
    assert.ok((many?.chunks ?? 0) > 3 * (coarse?.chunks ?? 0), JSON.stringify(rows))
    assert.notEqual(many?.recipe, coarse?.recipe)
  })

  test('of a model that is not here nothing is begun, and both models are named', async () => {
    const { id } = await make(world, LOCAL, [file, await api.upload('empty.txt', ' ')])
    await indexed(world, id, file.id)
    const before = await stateOf(id)
    for (const [path, body] of REQUESTS(file)) {
      const { status, body: problem } = await api.send('POST', `/experts/${id}/${path}`, body)
      assert.deepEqual([status, problem.code], [409, 'EMBEDDING_MODEL_MISMATCH'], path)
      const detail = String(problem.detail)
      for (const told of ['all-MiniLM-L6-v2@1f2a3b4c (384)', `${MODEL} (32)`, 'npm run setup:local', '/reindex'])
        assert.ok(detail.includes(told), detail)
    }
    assert.deepEqual(await stateOf(id), before)
  })

  test('of a model that the service does not have any more, both are named', async () => {
    const { id } = await make(world, { embeddingModel: 'ada-of-old', embeddingDimensions: 32 }, [file])
    await indexed(world, id, file.id)
    openai.server.failNext({ status: 404, times: 1 })
    const { status, body } = await api.send('POST', `/experts/${id}/search`, { query: QUERY })
    assert.deepEqual([status, body.code], [409, 'EMBEDDING_MODEL_MISMATCH'])
    assert.match(String(body.detail), new RegExp(`/reindex.+no model ada-of-old; EMBEDDING_MODEL is ${MODEL}`))
  })

  test('a worker that lacks the model pauses the expert, and leaves its files pending', async () => {
    const expert = await make(world, LOCAL, [file])
    const { taskQueue, client } = world
    await client.workflow.start(CREATE_EXPERT, { ...createExpertStart(expert), taskQueue })
    const { status_reason, progress } = await api.until(expert.id, 'paused')
    assert.match(status_reason ?? '', /^EMBEDDING_MODEL_MISMATCH: .*all-MiniLM-L6-v2@1f2a3b4c \(384\).*3-small \(32\)/)
    assert.deepEqual(progress, { files: 1, indexed: 0, failed: 0, pending: 1 })
    assert.equal((await api.send('POST', `/experts/${expert.id}/retry`)).status, 409)
    await client.workflow.getHandle(createExpertId(expert.id)).terminate()
  })

  async function stateOf(id: string) {
    const { updated_at, ...expert } = await api.expert(id)
    return [expert, updated_at, (await api.send('GET', `/experts/${id}/files`)).body]
  }
})

test('an expert that was made with OpenAI says what is missing where there is no key', async (t) => {
  const world = await startWorld({ workers: false })
  t.after(() => world.close())
  const api = new Requests(world.app)
  const file = await api.upload('manual.txt', TEXT)
  const { id } = await make(world, { embeddingModel: MODEL, embeddingDimensions: 1_536 }, [file])
  await indexed(world, id, file.id)
  const { status, body } = await api.send('POST', `/experts/${id}/search`, { query: QUERY })
  assert.deepEqual([status, body.code], [409, 'EMBEDDING_MODEL_MISMATCH'])
  assert.match(
    String(body.detail),
    /made with text-embedding-3-small \(1536\), here hashing-v1 \(256\) is chosen; OPENAI_API_KEY is not set/,
  )
})

describe('experts of several models, where a local one is chosen', { skip: modelMissing }, () => {
  let world: World
  let api: Requests
  let file: FileJson

  before(async () => {
    const local = { modelPath, packageDir: await installedPackage(), threads: 1 }
    const hashing = { dimensions: 256 }
    world = await startWorld({ embeddings: { provider: 'local', reason: 'EMBEDDINGS=local', local, hashing } })
    api = new Requests(world.app)
    file = await api.upload('manual.txt', TEXT.repeat(60))
  })
  after(() => world?.close())

  test('a new one is made with it, found by other words, and costs nothing, which is known', async () => {
    const { id, embeddings } = await api.createExpert([file])
    assert.match(embeddings.model, /^all-MiniLM-L6-v2@[0-9a-f]{8}$/)
    assert.deepEqual(
      [embeddings.provider, embeddings.dimensions, embeddings.reason],
      ['local', 384, 'EMBEDDINGS=local'],
    )
    const { cost } = await api.until(id, 'ready')
    assert.ok(cost.tokens_embedded > 0)
    assert.deepEqual([cost.amount, cost.price_per_million_tokens], [0, 0])
    const [found] = await api.search(id, 'How often is the part that moves the water changed?', { mode: 'dense' })
    assert.ok((found?.dense_score ?? 0) > 0.2, `${found?.dense_score}`)
    const { body } = await api.send('POST', '/experts/estimate', { selected_files: [file.id] })
    assert.deepEqual([body.tokens_reused, body.amount], [cost.tokens_embedded, { from: 0, expected: 0, to: 0 }])
  })

  test('one of hashing is searched by hashing', async () => {
    const { id } = await make(world, {})
    assert.equal((await api.send('POST', `/experts/${id}/files`, { file_ids: [file.id] })).status, 202)
    await api.until(id, 'ready')
    assert.match((await api.search(id, QUERY))[0]?.text ?? '', /impeller/)
  })

  test('chunks are as large as the model takes, and no larger, whatever was wanted; so may a query be', async () => {
    const { model, dimensions, limits } = world.embedder
    const chunking = { maxTokens: 5_000, overlapTokens: 0 }
    const { id } = await make(world, { embeddingModel: model, embeddingDimensions: dimensions, chunking })
    await api.send('POST', `/experts/${id}/files`, { file_ids: [file.id] })
    await api.until(id, 'ready')
    const found = await api.search(id, TEXT.repeat(120), { top_k: 100 })
    const sizes = found.map(({ text }) => world.embedder.countTokens(text))
    assert.ok(Math.max(...sizes) <= limits.tokensPerInput, `${sizes}`)
    assert.ok(Math.max(...sizes) > limits.tokensPerInput - 50, `${sizes}`)
    // Nothing of the file is missing from them.
    const parts = found.toSorted((a, b) => a.start_offset - b.start_offset)
    assert.equal(parts.map(({ text }) => text).join(' '), TEXT.repeat(60).trim())
  })
})

/** As the rows tell it: of its files the first is indexed, and others have failed. */
async function indexed({ database }: World, expertId: string, fileId: string): Promise<void> {
  await database.pool.query(
    `update expert_files set chunks = 1, status = case file_id when $2 then 'indexed' else 'failed' end,
       stage = case when file_id <> $2 then 'extract' end, code = case when file_id <> $2 then 'NO_TEXT' end
     where expert_id = $1`,
    [expertId, fileId],
  )
  await database.pool.query(`update experts set status = 'partially_ready' where id = $1`, [expertId])
}

/** All that needs the model. */
const REQUESTS = ({ id }: FileJson): readonly (readonly [path: string, body: object])[] => [
  ['search', { query: QUERY }],
  ['search', { query: QUERY, mode: 'keyword' }],
  ['chat', { message: QUERY }],
  ['chat', { message: QUERY, stream: true }],
  ['files', { file_ids: [id] }],
  ['retry', {}],
]
