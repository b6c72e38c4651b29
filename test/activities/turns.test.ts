import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { writePart } from '../../activities/derived-embeddings.ts'
import type { EmbeddedFile } from '../../activities/file-refs.ts'
import { recordFailure } from '../../activities/record-failure.ts'
import { upsertVectors } from '../../activities/upsert-vectors.ts'
import { PostgresRunStore } from '../../adapters/postgres-run-store.ts'
import type { FileContext } from '../../domain/ports.ts'
import { startPineconeServer } from '../support/pinecone-server.ts'
import { Requests } from '../support/requests.ts'
import { breakOff } from '../support/wire-server.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const CHUNKS_PER_PART = 2

/** Activities that run here without Temporal, as those of a worker that was cut off from it. */
describe('a worker that was cut off', () => {
  let pinecone: Awaited<ReturnType<typeof startPineconeServer>>
  let world: World
  let runs: PostgresRunStore
  let file: FileContext & { name: string }
  let sha256: string

  before(async () => {
    pinecone = await startPineconeServer({ describesUntilReady: 0 })
    const { url: controllerHost, apiKey } = pinecone
    world = await startWorld({
      workers: false,
      vectors: { kind: 'pinecone', apiKey, index: 'turns', cloud: 'aws', region: 'us-east-1', controllerHost },
    })
    runs = new PostgresRunStore(world.database.pool)
  })
  after(async () => {
    await world.close()
    await pinecone.close()
  })
  beforeEach(async () => {
    const api = new Requests(world.app)
    const uploaded = await api.upload('a.txt', `Content ${crypto.randomUUID()}.`)
    const { id: expertId, workflow_id } = await api.createExpert([uploaded])
    await world.client.workflow.getHandle(workflow_id).terminate()
    file = { expertId, fileId: uploaded.id, name: 'a.txt' }
    sha256 = uploaded.sha256 ?? ''
  })
  afterEach(() => pinecone.server.heal())

  /** The file in its present turn, with the embeddings of so many parts of a text. */
  async function embedded(text: string, parts: number): Promise<EmbeddedFile> {
    const { files } = await runs.pendingFiles(file.expertId, '0', 1)
    const prefix = `derived/${sha256}/${text}`
    for (let part = 0; part < parts; part++) await writePart(world.objects, prefix, part, chunksOf(text, part), {})
    const chunks = parts * CHUNKS_PER_PART
    const counts = { pages: 1, pagesSkipped: 0, chunks, tokens: chunks, tokensReused: 0 }
    return { ...file, turn: files[0]?.turn, prefix, parts, ...counts, seconds: { download: 0, extract: 0, embed: 0 } }
  }

  const chunksOf = (text: string, part: number) =>
    Array.from({ length: CHUNKS_PER_PART }, (_, i) => ({
      ...{ index: part * CHUNKS_PER_PART + i, text, tokens: 1, pageStart: 1, pageEnd: 1, headingPath: [] },
      ...{ startOffset: 0, endOffset: text.length, vector: new Float32Array(256).fill(1 / 16) },
    }))

  const store = (late: EmbeddedFile): Promise<void> =>
    new MockActivityEnvironment().run(upsertVectors({ ...world, runs }), late)
  const texts = () => pinecone.vectors(`${file.expertId}.1`).map(({ metadata }) => metadata?.text)
  const row = async () =>
    (await world.database.pool.query('select * from expert_files where file_id = $1', [file.fileId])).rows[0]

  /** As `RemoveFiles` does. */
  async function remove(): Promise<void> {
    const { expertId, fileId } = file
    await runs.markRemoving(expertId, [fileId])
    for (const { chunks } of await runs.removing(expertId, [fileId]))
      await world.vectors.deleteFile(`${expertId}.1`, fileId, chunks)
    await runs.detach(expertId, [fileId])
  }

  async function cancelAndRetry(): Promise<void> {
    await runs.cancelPending(file.expertId)
    await runs.requeue(file.expertId)
  }

  /** Begins to store, and stands before the store with its first part. */
  async function heldInFirstPart(late: EmbeddedFile) {
    const gate = pinecone.server.hold(({ path }) => path.startsWith('/vectors/upsert'), 1)
    const ended = assert.rejects(store(late), { code: 'CANCELLED' })
    await gate.arrival
    return { gate, ended }
  }

  async function heldInSecondPart(current: EmbeddedFile) {
    const gate = pinecone.server.hold(({ body }) => JSON.stringify(body ?? '').includes(`#${CHUNKS_PER_PART}"`), 1)
    const ended = store(current)
    await gate.arrival
    return { gate, ended }
  }

  test('takes back the first part of a file that was removed meanwhile', async () => {
    const { gate, ended } = await heldInFirstPart(await embedded('old', 3))
    await remove()
    gate.open()
    await ended
    assert.deepEqual(texts(), [])
  })

  test('takes it back too where it is not told that the part was stored', async () => {
    const late = await embedded('old', 3)
    pinecone.server.interfere({
      times: 1,
      when: ({ path }) => path.startsWith('/vectors/upsert'),
      effect: async (...request) => {
        await remove()
        breakOff(() => undefined)(...request)
      },
    })
    await assert.rejects(store(late), { code: 'VECTOR_STORE_UNAVAILABLE' })
    assert.deepEqual(texts(), [])
  })

  test('takes back the last part of a file that was cancelled while that was written', async () => {
    const { gate, ended } = await heldInFirstPart(await embedded('old', 1))
    await runs.cancelPending(file.expertId)
    gate.open()
    await ended
    assert.deepEqual(texts(), [])
  })

  test('goes on trying where the store does not take it back at once', async () => {
    const { gate, ended } = await heldInFirstPart(await embedded('old', 1))
    await remove()
    pinecone.server.failNext({ status: 503, times: 1, path: '/vectors/delete' })
    gate.open()
    await ended
    assert.deepEqual(texts(), [])
  })

  test('leaves a part that the next attempt writes again', async () => {
    const late = await embedded('old', 2)
    pinecone.server.failNext({ status: 503, times: 1, path: '/vectors/upsert' })
    await assert.rejects(store(late), { code: 'VECTOR_STORE_UNAVAILABLE' })
    assert.equal(pinecone.server.requests.at(-1)?.path, '/vectors/upsert')
  })

  test('neither settles a file that another turn works on, nor takes its vectors', async () => {
    const { gate, ended } = await heldInFirstPart(await embedded('old', 1))
    await cancelAndRetry()
    const { gate: second, ended: stored } = await heldInSecondPart(await embedded('new', 2))
    gate.open()
    await ended
    assert.equal((await row()).status, 'processing')
    second.open()
    await stored
    const { status, chunks } = await row()
    assert.deepEqual([status, chunks, texts().length], ['indexed', 2 * CHUNKS_PER_PART, 2 * CHUNKS_PER_PART])
  })

  test('tells of the chunks that it has written beyond those of a newer, shorter content', async () => {
    const { gate, ended } = await heldInFirstPart(await embedded('old', 3))
    await cancelAndRetry()
    const shorter = { ...(await embedded('new', 1)), chunks: 1 }
    await store(shorter)
    gate.open()
    await ended
    assert.equal((await row()).chunks, CHUNKS_PER_PART)
    await remove()
    assert.deepEqual(texts(), [])
  })

  test('begins nothing for an earlier turn', async () => {
    const late = await embedded('old', 1)
    await cancelAndRetry()
    await assert.rejects(store(late), { code: 'CANCELLED' })
    assert.equal((await row()).status, 'pending')
  })

  test('reports no failure of an earlier turn, and leaves the vectors of this one', async () => {
    const late = await embedded('old', 1)
    await cancelAndRetry()
    const { gate, ended } = await heldInSecondPart(await embedded('new', 2))
    const failure = { stage: 'store', code: 'INTERNAL', message: 'late' } as const
    await new MockActivityEnvironment().run(recordFailure({ ...world, runs }), { ...late, ...failure })
    assert.equal((await row()).status, 'processing')
    gate.open()
    await ended
    assert.deepEqual([(await row()).status, texts().length], ['indexed', 2 * CHUNKS_PER_PART])
  })

  test('is not asked for its turn where an older worker began the file', async () => {
    const { turn: _, ...unknown } = await embedded('old', 1)
    await cancelAndRetry()
    await store(unknown)
    assert.equal((await row()).status, 'indexed')
  })

  test('has no part in a file that came again after it was removed', async () => {
    const { gate, ended } = await heldInFirstPart(await embedded('old', 2))
    await remove()
    await runs.addFiles(file.expertId, [file.fileId])
    await store(await embedded('new', 2))
    gate.open()
    await ended
    assert.deepEqual([(await row()).status, texts().length], ['indexed', 2 * CHUNKS_PER_PART])
  })
})
