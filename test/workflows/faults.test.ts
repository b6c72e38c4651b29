import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { markForRebuild } from '../../adapters/postgres-rebuild.ts'
import { startOpenAiServer } from '../support/openai-server.ts'
import { startPineconeServer } from '../support/pinecone-server.ts'
import { eventually, Requests } from '../support/requests.ts'
import { breakOff } from '../support/wire-server.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('CreateExpert, where a service fails', () => {
  let openai: Awaited<ReturnType<typeof startOpenAiServer>>
  let pinecone: Awaited<ReturnType<typeof startPineconeServer>>
  let world: World
  let api: Requests

  before(async () => {
    openai = await startOpenAiServer()
    pinecone = await startPineconeServer()
    const { url: controllerHost, apiKey } = pinecone
    world = await startWorld({
      embedder: {
        kind: 'openai',
        apiKey: openai.apiKey,
        baseUrl: openai.baseUrl,
        model: 'text-embedding-3-small',
        dimensions: 128,
      },
      vectors: { kind: 'pinecone', apiKey, index: 'faults', cloud: 'aws', region: 'us-east-1', controllerHost },
      retryBudgetMs: 8_000,
    })
    api = new Requests(world.app)
  })
  afterEach(() => {
    openai.server.heal()
    pinecone.server.heal()
  })
  after(async () => {
    await world.close()
    await Promise.all([openai.close(), pinecone.close()])
  })

  test('a rate limit is waited out, as long as the service asks, and fails no file', async () => {
    openai.server.failNext({ status: 429, times: 2, headers: { 'retry-after': '1' } })
    const { id } = await api.createExpert([await api.upload('a.txt', 'Rate limits pass.')])
    const expert = await api.until(id, 'ready')
    assert.equal(expert.progress.failed, 0)
  })

  test('a service that stays away fails the file with its code once the retry budget is used up', async () => {
    pinecone.server.failNext({ status: 503, times: 1_000, path: '/vectors/upsert' })
    const { id } = await api.createExpert([await api.upload('b.txt', 'This one cannot be stored.')])
    const expert = await api.until(id, 'failed')
    const [failed] = expert.summary?.failed_files ?? []
    assert.equal(failed?.code, 'VECTOR_STORE_UNAVAILABLE')
    assert.equal(failed?.stage, 'store')
    assert.equal(failed?.retryable, true)
    assert.ok((failed?.attempts ?? 0) > 1)
    assert.deepEqual(pinecone.vectors(`${id}.1`), [])

    pinecone.server.heal()
    const embeddings = openai.embedded.length
    await api.send('POST', `/experts/${id}/retry`)
    await api.until(id, 'ready')
    assert.equal(openai.embedded.length, embeddings, 'the retry pays for no embedding again')
    assert.equal(pinecone.vectors(`${id}.1`).length, 1)
  })

  test('a store that stays away entirely pauses the expert, since what it may have of a file that failed cannot be removed', async () => {
    // The first vector is stored, and nobody is told.
    const half = { times: 1, when: ({ path }: { path: string }) => path.startsWith('/vectors/upsert') }
    pinecone.server.interfere({
      ...half,
      effect: breakOff(() => pinecone.server.failNext({ status: 503, times: 1_000 })),
    })
    const { id } = await api.createExpert([await api.upload('away.txt', 'Nobody is there to keep this.')])
    const paused = await api.until(id, 'paused')
    assert.match(paused.status_reason ?? '', /^VECTOR_STORE_UNAVAILABLE: /)
    assert.deepEqual(paused.progress, { files: 1, indexed: 0, failed: 0, pending: 1 })

    pinecone.server.heal()
    await api.send('POST', `/experts/${id}/retry`)
    await api.until(id, 'ready')
    assert.equal(pinecone.vectors(`${id}.1`).length, 1)
  })

  test('a refused API key pauses the expert with a sentence, fails no file, and the next retry goes on', async () => {
    openai.server.failNext({ status: 401, times: 1_000 })
    const { id, workflow_id } = await api.createExpert([
      await api.upload('c.txt', 'Paused.'),
      await api.upload('d.txt', 'Paused too.'),
    ])
    const paused = await api.until(id, 'paused')
    assert.match(paused.status_reason ?? '', /^EMBEDDING_AUTH: .*OPENAI_API_KEY/)
    assert.deepEqual(paused.progress, { files: 2, indexed: 0, failed: 0, pending: 2 })
    const run = world.client.workflow.getHandle(workflow_id)
    const { currentDetails } = await run.query<{ currentDetails: string }>('__temporal_workflow_metadata')
    assert.match(currentDetails, /retryFailedFiles/)

    openai.server.heal()
    await world.client.workflow.getHandle(workflow_id).signal('retryFailedFiles', {})
    const expert = await api.until(id, 'ready')
    assert.equal(expert.status_reason, null)
  })

  test('an exhausted quota pauses the expert too', async () => {
    const body = {
      error: { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' },
    }
    openai.server.failNext({ status: 429, times: 1_000, body })
    const { id } = await api.createExpert([await api.upload('quota.txt', 'Nobody has paid.')])
    const paused = await api.until(id, 'paused')
    assert.match(paused.status_reason ?? '', /^EMBEDDING_QUOTA_EXHAUSTED: /)
    assert.equal(paused.progress.failed, 0)

    openai.server.heal()
    await api.send('POST', `/experts/${id}/retry`)
    await api.until(id, 'ready')
  })

  test('an index that was deleted pauses the expert, and is not replaced by an empty one', async () => {
    const held = await api.createExpert([await api.upload('held.txt', 'This is in the index.')])
    await api.until(held.id, 'ready')
    const restore = pinecone.dropIndexes()
    const { id } = await api.createExpert([await api.upload('index.txt', 'Where would this go?')])
    const paused = await api.until(id, 'paused')
    assert.match(paused.status_reason ?? '', /^VECTOR_INDEX_MISSING: .*\(index faults;/)
    assert.equal(paused.progress.failed, 0)

    restore()
    await api.send('POST', `/experts/${id}/retry`)
    await api.until(id, 'ready')
  })

  test('an index that was deleted keeps nobody from ending a re-index, so that what serves can be stored again', async () => {
    const file = await api.upload('lost.txt', 'This was in the index.')
    const [built, switched] = [await api.createExpert([file]), await api.createExpert([file])]
    for (const { id } of [built, switched]) await api.until(id, 'ready')
    const ask = (id: string, action = '') =>
      api.send('POST', `/experts/${id}/reindex${action}`, action ? undefined : { force: true })
    const until = (id: string, status: string) =>
      eventually(async () => assert.equal((await api.send('GET', `/experts/${id}/reindex`)).body.status, status))
    const marked = async () =>
      (await markForRebuild(world.database.pool, () => true, [built.id, switched.id])).experts.length
    await ask(switched.id)
    await until(switched.id, 'switched')
    const restore = pinecone.dropIndexes()
    await ask(built.id)
    await until(built.id, 'paused')
    assert.equal(await marked(), 0)

    await world.database.pool.query(
      `update expert_builds set switched_at = now() - interval '2 minutes' where switched_at is not null`,
    )
    await ask(built.id, '/cancel')
    await until(built.id, 'cancelled')
    await ask(switched.id, '/finish')
    await until(switched.id, 'done')
    assert.equal(await marked(), 2)
    restore()
  })

  test('says that it pauses while other files are still being tried', async () => {
    openai.server.failNext({ status: 401, times: 1 })
    pinecone.server.failNext({ status: 503, times: 1_000, path: '/vectors/upsert' })
    const files = [await api.upload('p1.txt', 'One is refused.'), await api.upload('p2.txt', 'The other one waits.')]
    const { id } = await api.createExpert(files)
    await api.until(id, 'paused')
    const { body } = await api.send('GET', `/experts/${id}/files?status=processing`)
    assert.equal((body.items as unknown[]).length, 1)

    pinecone.server.heal()
    await api.send('POST', `/experts/${id}/retry`)
    await api.until(id, 'ready')
  })

  test('the same content in several experts at once is embedded once', async () => {
    const file = await api.upload('once.txt', 'Everybody wants this at the same time.')
    const before = openai.embedded.length
    const experts = await Promise.all(['1', '2', '3', '4'].map((name) => api.createExpert([file], name)))
    const done = await Promise.all(experts.map(({ id }) => api.until(id, 'ready')))
    assert.equal(openai.embedded.length - before, 1)
    const paying = done.filter(({ summary }) => (summary?.totals.tokens_embedded ?? 0) > 0)
    assert.equal(paying.length, 1)
    for (const { id } of experts) assert.equal(pinecone.vectors(`${id}.1`).length, 1)
  })

  test('a retry that is asked for twice runs once', async () => {
    pinecone.server.failNext({ status: 400, times: 1_000, path: '/vectors/upsert' })
    const { id, workflow_id } = await api.createExpert([await api.upload('twice.txt', 'Once is enough.')])
    await api.until(id, 'failed')
    pinecone.server.heal()
    const run = world.client.workflow.getHandle(workflow_id)
    await Promise.all([run.signal('retryFailedFiles', {}), run.signal('retryFailedFiles', {})])
    await api.until(id, 'ready')
    const { events } = await run.fetchHistory()
    const stored = (events ?? []).filter(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'upsertVectors',
    )
    assert.equal(stored.length, 2, 'the first pass and one retry')
  })

  test('a cancelled expert keeps what is indexed, leaves no vector of the rest, and a retry takes that up', async () => {
    const good = await api.upload('e.txt', 'Indexed before the cancellation.')
    const { id } = await api.createExpert([good])
    await api.until(id, 'ready')
    pinecone.server.failNext({ status: 503, times: 1_000, path: '/vectors/upsert' })
    const stuck = await api.upload('f.txt', 'Never stored.')
    await api.send('POST', `/experts/${id}/files`, { file_ids: [stuck.id] })
    await eventually(async () => {
      const { body } = await api.send('GET', `/experts/${id}/files?status=processing`)
      assert.equal((body.items as { stage: string }[])[0]?.stage, 'store')
    })

    assert.equal((await api.send('POST', `/experts/${id}/cancel`)).status, 202)
    const cancelled = await api.until(id, 'cancelled')
    assert.deepEqual(cancelled.progress, { files: 2, indexed: 1, failed: 0, pending: 0 })
    assert.equal(pinecone.vectors(`${id}.1`).length, 1)

    pinecone.server.heal()
    await api.send('POST', `/experts/${id}/retry`)
    await api.until(id, 'ready')
    assert.equal(pinecone.vectors(`${id}.1`).length, 2)
  })

  test('a shorter replacement leaves no chunk of the content before it', async () => {
    const long = Array.from({ length: 200 }, (_, i) => `Paragraph ${i} tells of something else entirely.`).join('\n\n')
    const file = await api.upload('g.txt', long)
    const { id } = await api.createExpert([file])
    await api.until(id, 'ready')
    assert.ok(pinecone.vectors(`${id}.1`).length > 5)
    await api.sendFile('PUT', `/knowledge-base/files/${file.id}/content`, 'g.txt', 'Short now.')
    await api.send('DELETE', `/experts/${id}`)
    await eventually(async () => assert.equal((await api.send('GET', `/experts/${id}`)).status, 404))
    assert.deepEqual(pinecone.vectors(`${id}.1`), [])
  })
})
