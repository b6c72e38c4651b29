import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { makePdf } from '../support/pdf.ts'
import { replayHistories } from '../support/replay.ts'
import { eventually, Requests } from '../support/requests.ts'
import { spawnWorker } from '../support/spawn-worker.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const FILES = 12

describe('a worker process', () => {
  let world: World
  let api: Requests
  let worker: ChildProcess | undefined

  const start = () => {
    worker = spawnWorker(world)
    return worker
  }

  before(async () => {
    world = await startWorld({ workers: false })
    api = new Requests(world.app)
  })
  after(async () => {
    worker?.kill('SIGKILL')
    await world.close()
  })

  test('that is killed in the middle of a run loses nothing: the next one completes it', async () => {
    const files = []
    for (let i = 0; i < FILES; i++) {
      const pages = Array.from(
        { length: 30 },
        (_, page) => `File ${i}, page ${page}. ${'The harbour master logs every vessel. '.repeat(20)}`,
      )
      files.push(await api.upload(`log-${i}.pdf`, await makePdf(pages)))
    }
    files.push(await api.upload('broken.pdf', '%PDF-1.7 broken'))
    const first = start()
    const { id, workflow_id } = await api.createExpert(files)
    await eventually(async () => {
      const { indexed } = (await api.expert(id)).progress
      assert.ok(indexed > 0 && indexed < FILES, `${indexed} indexed`)
    })
    first.kill('SIGKILL')
    await once(first, 'exit')
    assert.notEqual((await api.expert(id)).status, 'partially_ready')

    const second = start()
    const expert = await api.until(id, 'partially_ready')
    assert.deepEqual(expert.progress, { files: FILES + 1, indexed: FILES, failed: 1, pending: 0 })
    assert.equal(await world.vectors.count(`${id}.1`), expert.summary?.totals.chunks)

    second.kill('SIGTERM')
    const [code] = await once(second, 'exit')
    assert.equal(code, 0, 'SIGTERM ends it cleanly')
    await world.client.workflow.getHandle(workflow_id).terminate()
    assert.equal(await replayHistories(world.client, world.taskQueue), 1)
  })
})
