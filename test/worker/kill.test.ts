import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { infrastructure } from '../support/infrastructure.ts'
import { replayHistories } from '../support/replay.ts'
import { eventually, Requests } from '../support/requests.ts'
import { S3Proxy } from '../support/s3-proxy.ts'
import { s3Environment, WorkerProcess, workerEnvironment } from '../support/worker-process.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

/** A chunk each, and more of them than a part of the embeddings has. */
const PASSAGES = Array.from(
  { length: 300 },
  (_, i) =>
    `Entry ${i} of the harbour log: the master wrote down each vessel, its draught and its cargo, as every day.`,
)
const FIRST_PART = 256

/** Against the services of production: `test/faults/workers.test.ts`. */
describe('a worker process, with vectors in LanceDB', () => {
  const s3 = new S3Proxy(infrastructure().s3.endpoint ?? '')
  const workers: WorkerProcess[] = []
  let world: World
  let api: Requests

  const start = async (endpoint: string) => {
    const chunks = { CHUNK_TOKENS: '40', CHUNK_OVERLAP_TOKENS: '0' }
    const worker = await WorkerProcess.start({ ...workerEnvironment(world), ...s3Environment(endpoint), ...chunks })
    workers.push(worker)
    return worker
  }

  before(async () => {
    world = await startWorld({ workers: false, objects: { kind: 's3', ...infrastructure().s3 } })
    api = new Requests(world.app)
  })
  after(async () => {
    await Promise.all(workers.map((worker) => worker.kill()))
    await s3.close()
    await world.close()
  })

  test('that is killed between two parts of a file leaves it to the next one, which completes it', async () => {
    const file = await api.upload('log.txt', PASSAGES.join('\n\n'))
    const endpoint = await s3.listen()
    const first = await start(endpoint)
    const isSecondPart = (key: string) => key.startsWith(`derived/${file.sha256}/`) && key.includes('/part-00001')
    const gate = s3.hold(({ method, key }) => method === 'GET' && isSecondPart(key))
    const { id } = await api.createExpert([file])
    await gate.arrival
    const stored = () => world.vectors.count(`${id}.1`)
    await eventually(async () => assert.equal(await stored(), FIRST_PART))
    await first.kill()
    gate.open()
    assert.equal((await api.expert(id)).status, 'processing')

    const second = await start(endpoint)
    const { summary } = await api.until(id, 'ready')
    assert.equal(summary?.totals.chunks, PASSAGES.length)
    assert.equal(await stored(), PASSAGES.length)
    assert.equal(await second.stop(), 0, 'SIGTERM ends it cleanly')
    assert.equal(await replayHistories(world.client, world.taskQueue), 1)
  })
})
