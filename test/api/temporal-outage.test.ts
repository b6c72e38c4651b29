import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { Connection } from '@temporalio/client'
import { PostgresExpertStore } from '../../adapters/postgres-expert-store.ts'
import { healthChecks } from '../../api/health-checks.ts'
import { LOCAL_USER_ID } from '../../api/principal.ts'
import { Readiness } from '../../api/readiness.ts'
import { LastCall } from '../../domain/last-call.ts'
import type { FileJson } from '../support/requests.ts'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('without Temporal', { concurrency: true }, () => {
  let world: World
  let api: Requests
  let file: FileJson

  before(async () => {
    world = await startWorld({ workers: false, temporalAddress: '127.0.0.1:1' })
    api = new Requests(world.app)
    file = await api.upload('a.txt', 'a')
  })
  after(() => world.close())

  /** One that was made while Temporal was there, and is ready with one file that failed. */
  async function readyExpert() {
    const id = randomUUID()
    const [uploaded, experts] = [await api.upload('b.txt', 'b'), new PostgresExpertStore(world.database.pool)]
    const names = { name: id, systemPrompt: '', voiceId: null, embeddingModel: 'hashing-v1', embeddingDimensions: 256 }
    await experts.insert({ id, userId: LOCAL_USER_ID, ...names }, [uploaded.id])
    await world.database.pool.query(`update experts set status = 'failed' where id = $1`, [id])
    await world.database.pool.query(`update expert_files set status = 'failed' where expert_id = $1`, [id])
    return { id, file: uploaded }
  }

  const stateOf = async (id: string, fileId: string) => {
    const { updated_at: _, ...expert } = await api.expert(id)
    const { body: files } = await api.send('GET', `/experts/${id}/files`)
    const { body: uploaded } = await api.send('GET', `/knowledge-base/files/${fileId}`)
    return { expert, files, status: uploaded.processing_status }
  }

  for (const [what, method, path, body] of [
    ['adding files', 'POST', '/experts/{id}/files', () => ({ file_ids: [file.id] })],
    ['a retry', 'POST', '/experts/{id}/retry', () => ({})],
    ['a re-index', 'POST', '/experts/{id}/reindex', () => ({ dimensions: 64 })],
    ['a cancellation', 'POST', '/experts/{id}/cancel', () => undefined],
    ['a deletion', 'DELETE', '/experts/{id}', () => undefined],
    ['taking a file out', 'DELETE', '/experts/{id}/files/{file}', () => undefined],
    ['deleting a file that is in use', 'DELETE', '/knowledge-base/files/{file}?cascade=true', () => undefined],
  ] as const)
    test(`${what} is answered 503, changes nothing, and reads go on`, async () => {
      const { id, file: used } = await readyExpert()
      const before = await stateOf(id, used.id)
      const url = path.replace('{id}', id).replace('{file}', used.id)
      const answer = await api.send(method, url, body())
      assert.deepEqual([answer.status, answer.body.code], [503, 'TEMPORAL_UNAVAILABLE'])
      assert.ok(Number(answer.headers['retry-after']) > 0)
      assert.deepEqual(await stateOf(id, used.id), before)
    })

  test('a creation is answered 503 and leaves nothing, and its Idempotency-Key is free', async () => {
    const client = new Requests(world.app, { 'idempotency-key': randomUUID() })
    const name = randomUUID()
    for (const system_prompt of ['one', 'another']) {
      const draft = { name, system_prompt, selected_files: [file.id] }
      const { status, headers, body } = await client.send('POST', '/experts', draft)
      assert.deepEqual([status, body.code], [503, 'TEMPORAL_UNAVAILABLE'])
      assert.ok(Number(headers['retry-after']) > 0)
    }
    const { body } = await api.send('GET', '/experts')
    assert.ok(!(body.items as { name: string }[]).some((expert) => expert.name === name))
  })

  test('the API stays ready, so that readers are still sent to it, and says what is away', async () => {
    // Without its retries, which go on when nobody waits for them any more.
    const connection = Connection.lazy({ address: '127.0.0.1:1', interceptors: [] })
    const { taskQueue, objects, vectors, embedders, embedder } = world
    const refused = new LastCall()
    refused.note('CHAT_AUTH', new Date('2026-11-26'))
    const checks = healthChecks({
      ...{ connection, namespace: 'default', taskQueue, objects, vectors, embedders },
      checkDatabase: async () => undefined,
      lastEmbedding: new LastCall(),
      chat: { model: 'gpt-5.4-mini', last: refused },
    })
    const report = await new Readiness(checks).report()
    await connection.close()
    assert.equal(report.status, 'degraded')
    const failed = report.checks.filter(({ status }) => status === 'failed')
    assert.deepEqual(
      failed.map(({ name }) => name),
      ['temporal', 'workers', 'chat'],
    )
    const day = '2026-11-26T00:00:00.000Z'
    assert.equal(failed.at(-1)?.detail, `gpt-5.4-mini: CHAT_AUTH since ${day}, asked last at ${day}`)
    const unasked = report.checks.find(({ isUnasked }) => isUnasked)
    assert.deepEqual(
      [unasked?.name, unasked?.detail],
      [
        'embeddings',
        `${embedder.model}, ${embedder.dimensions} dimensions, lexical, not semantic (the test wants it), not asked yet`,
      ],
    )
  })

  test('what needs no workflow works: uploads, edits, deleting a file that nobody uses', async () => {
    const { id } = await readyExpert()
    assert.equal((await api.send('PATCH', `/experts/${id}`, { name: 'Renamed' })).status, 200)
    const unused = await api.upload('unused.txt', 'unused')
    assert.equal((await api.send('DELETE', `/knowledge-base/files/${unused.id}`)).status, 204)
  })
})
