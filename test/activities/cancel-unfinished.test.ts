import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { cancelUnfinished } from '../../activities/cancel-unfinished.ts'
import { PostgresRunStore } from '../../adapters/postgres-run-store.ts'
import type { VectorRecord } from '../../domain/ports.ts'
import { startPineconeServer } from '../support/pinecone-server.ts'
import type { FileJson } from '../support/requests.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const FILES = 20
const anyVector: VectorRecord = {
  ...{ id: 'any#0', fileId: 'any', vector: new Float32Array(256).fill(1 / 16) },
  chunk: { index: 0, text: 'any', tokens: 1, pageStart: 1, pageEnd: 1, headingPath: [], startOffset: 0, endOffset: 3 },
}

describe('cancelling an expert with many files that may have vectors', () => {
  let pinecone: Awaited<ReturnType<typeof startPineconeServer>>
  let world: World
  let expertId: string

  before(async () => {
    pinecone = await startPineconeServer({ describesUntilReady: 0 })
    const { url: controllerHost, apiKey } = pinecone
    world = await startWorld({
      workers: false,
      vectors: { kind: 'pinecone', apiKey, index: 'cancel', cloud: 'aws', region: 'us-east-1', controllerHost },
    })
  })
  // Where nothing was ever stored there is no index, and nothing to ask.
  before(() => world.vectors.upsert('any', [anyVector]))
  after(async () => {
    await world.close()
    await pinecone.close()
  })
  beforeEach(async () => {
    const api = new Requests(world.app)
    const files: FileJson[] = []
    for (let i = 0; i < FILES; i++) files.push(await api.upload(`${i}.txt`, `File ${i}.`))
    const { id, workflow_id } = await api.createExpert(files)
    await world.client.workflow.getHandle(workflow_id).terminate()
    await world.database.pool.query(`update expert_files set status = 'processing', chunks = 1 where expert_id = $1`, [
      id,
    ])
    expertId = id
    pinecone.server.requests.length = 0
  })
  afterEach(() => pinecone.server.heal())

  const cancel = (environment = new MockActivityEnvironment()) =>
    environment.run(cancelUnfinished({ ...world, runs: new PostgresRunStore(world.database.pool) }), { expertId })
  const deletions = () => pinecone.server.count('/vectors/delete')
  const countCancelled = async () => {
    const { rows } = await world.database.pool.query<{ files: number }>(
      `select count(*)::int as files from expert_files where expert_id = $1 and status = 'cancelled'`,
      [expertId],
    )
    return rows[0]?.files
  }

  test('goes on where the attempt before it has stopped', async () => {
    const refused = 12
    let asked = 0
    pinecone.server.interfere({
      times: 1,
      when: ({ path }) => path.startsWith('/vectors/delete') && ++asked === refused,
      effect: (_request, reply) => reply.status(429).send({}),
    })
    await assert.rejects(cancel(), { code: 'VECTOR_STORE_UNAVAILABLE' })
    const done = await countCancelled()
    assert.ok(done && done >= refused - 1 && done < FILES, `${done} are cancelled`)
    await cancel()
    assert.equal(await countCancelled(), FILES)
    assert.equal(deletions(), FILES + 1, 'none is asked for again but the one that was refused')
  })

  test('removes the vectors of some at a time, and heartbeats whatever each of them takes', async () => {
    const gate = pinecone.server.hold(({ path }) => path.startsWith('/vectors/delete'))
    const environment = new MockActivityEnvironment()
    const heartbeat = once(environment, 'heartbeat')
    const cancelled = cancel(environment)
    await eventually(async () => assert.equal(deletions(), 8))
    await heartbeat
    gate.open()
    await cancelled
    assert.equal(await countCancelled(), FILES)
  })
})
