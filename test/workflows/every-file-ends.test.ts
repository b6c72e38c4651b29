import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { PostgresFileStore } from '../../adapters/postgres-file-store.ts'
import { LOCAL_USER_ID } from '../../api/principal.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { startPineconeServer } from '../support/pinecone-server.ts'
import type { FileJson } from '../support/requests.ts'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('a file that a service refuses for ever', () => {
  let pinecone: Awaited<ReturnType<typeof startPineconeServer>>
  let world: World
  let api: Requests

  before(async () => {
    pinecone = await startPineconeServer()
    const { url: controllerHost, apiKey } = pinecone
    world = await startWorld({
      vectors: { kind: 'pinecone', apiKey, index: 'deadline', cloud: 'aws', region: 'us-east-1', controllerHost },
      retryBudgetMs: 3_600_000,
      fileDeadlineMs: 3_000,
    })
    api = new Requests(world.app)
  })
  after(async () => {
    await world.close()
    await pinecone.close()
  })

  test('fails at its deadline, and says what held it up', async () => {
    pinecone.server.failNext({ status: 503, times: 1_000, path: '/vectors/upsert' })
    const { id } = await api.createExpert([await api.upload('late.txt', 'Too late.')])
    const { summary } = await api.until(id, 'failed')
    const [failed] = summary?.failed_files ?? []
    assert.equal(failed?.code, 'DEADLINE_EXCEEDED')
    assert.equal(failed?.stage, 'store')
    assert.match(failed?.message ?? '', /\(The vector store did not answer as it should\. \(status 503\)\)$/)
    assert.deepEqual(pinecone.vectors(`${id}.1`), [])
  })
})

describe('workers with wrong credentials for the object store', () => {
  let world: World
  let api: Requests

  before(async () => {
    world = await startWorld({ objects: { kind: 's3', ...infrastructure().s3, secretKey: 'wrong-secret' } })
    api = new Requests(world.app)
  })
  after(() => world.close())

  test('pause the expert, and fail none of its files', async () => {
    const id = randomUUID()
    const file = await new PostgresFileStore(world.database.pool).insert({
      id,
      userId: LOCAL_USER_ID,
      name: 'a.txt',
      originalName: 'a.txt',
      size: 1,
      type: 'text/plain',
      s3Url: '',
      s3Key: `uploads/${id}`,
      sha256: 'a'.repeat(64),
      processingStatus: 'uploaded',
    })
    const expert = await api.createExpert([{ id: file.id } as FileJson])
    const paused = await api.until(expert.id, 'paused')
    assert.match(paused.status_reason ?? '', /^STORAGE_AUTH: .*S3_SECRET_KEY/)
    assert.deepEqual(paused.progress, { files: 1, indexed: 0, failed: 0, pending: 1 })
  })
})
