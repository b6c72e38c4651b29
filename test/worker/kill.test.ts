import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startOwnMachine } from '../support/own-machine.ts'
import { replayHistories } from '../support/replay.ts'
import { eventually } from '../support/requests.ts'

/** A chunk each, and more of them than a part of the embeddings has. */
const PASSAGES = Array.from(
  { length: 300 },
  (_, i) =>
    `Entry ${i} of the harbour log: the master wrote down each vessel, its draught and its cargo, as every day.`,
)
const FIRST_PART = 256

/** Against the services of production: `test/faults/workers.test.ts`. */
describe('a worker process, with vectors in LanceDB', () => {
  let machine: Awaited<ReturnType<typeof startOwnMachine>>

  before(async () => {
    machine = await startOwnMachine({ chunkTokens: 40 })
  })
  after(() => machine.close())

  test('that is killed between two parts of a file leaves it to the next one, which completes it', async () => {
    const { world, api, s3 } = machine
    const file = await api.upload('log.txt', PASSAGES.join('\n\n'))
    const first = await machine.startWorker()
    const isSecondPart = (key: string) => key.startsWith(`derived/${file.sha256}/`) && key.includes('/part-00001')
    const gate = s3.hold(({ method, key }) => method === 'GET' && isSecondPart(key))
    const { id } = await api.createExpert([file])
    await gate.arrival
    const stored = () => world.vectors.count(`${id}.1`)
    await eventually(async () => assert.equal(await stored(), FIRST_PART))
    await first.kill()
    gate.open()
    assert.equal((await api.expert(id)).status, 'processing')

    const second = await machine.startWorker()
    const { summary } = await api.until(id, 'ready')
    assert.equal(summary?.totals.chunks, PASSAGES.length)
    assert.equal(await stored(), PASSAGES.length)
    assert.equal(await second.stop(), 0, 'SIGTERM ends it cleanly')
    assert.equal(await replayHistories(world.client, world.taskQueue), 1)
  })
})
