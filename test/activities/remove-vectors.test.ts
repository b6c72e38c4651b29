import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { removeFileVectors } from '../../activities/remove-vectors.ts'
import { PostgresRunStore } from '../../adapters/postgres-run-store.ts'
import type { VectorStore } from '../../domain/ports.ts'
import type { FileJson } from '../support/requests.ts'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('an attempt to remove the vectors of two files that dies after the first one', () => {
  let world: World
  let runs: PostgresRunStore
  let expertId: string
  let files: FileJson[]
  let told: unknown

  before(async () => {
    world = await startWorld()
    runs = new PostgresRunStore(world.database.pool)
    const api = new Requests(world.app)
    files = [await api.upload('first.txt', 'The first one.'), await api.upload('second.txt', 'The second one.')]
    expertId = (await api.createExpert(files)).id
    await api.until(expertId, 'ready')
    await runs.markRemoving(expertId, ids())

    const attempt = new MockActivityEnvironment()
    attempt.on('heartbeat', (details) => {
      told = details
    })
    await assert.rejects(attempt.run(removeFileVectors({ runs, vectors: diesAfterOne() }), request()))
  })
  after(() => world.close())

  const ids = () => files.map(({ id }) => id)
  const request = () => ({ expertId, fileIds: ids() })
  const diesAfterOne = () =>
    ({
      deleteFile: (namespace, fileId, ...rest) =>
        fileId === ids()[0] ? world.vectors.deleteFile(namespace, fileId, ...rest) : Promise.reject(new Error('died')),
      hasFile: (...request) => world.vectors.hasFile(...request),
    }) as Partial<VectorStore> as VectorStore

  test('is followed by one that removes the other, also where another removal has taken out the first', async () => {
    await runs.detach(expertId, ids().slice(0, 1))
    const attempt = new MockActivityEnvironment({ attempt: 2, heartbeatDetails: told })
    await attempt.run(removeFileVectors({ ...world, runs }), request())
    assert.equal(await world.vectors.count(`${expertId}.1`), 0)
  })
})
