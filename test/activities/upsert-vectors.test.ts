import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { recordFailure } from '../../activities/record-failure.ts'
import { upsertVectors } from '../../activities/upsert-vectors.ts'
import { PostgresRunStore } from '../../adapters/postgres-run-store.ts'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('a file that was indexed by an attempt that died before it could say so', () => {
  let world: World
  let runs: PostgresRunStore
  let file: { expertId: string; fileId: string; name: string }

  before(async () => {
    world = await startWorld()
    runs = new PostgresRunStore(world.database.pool)
    const api = new Requests(world.app)
    const { id: fileId, original_name: name } = await api.upload('a.txt', 'Indexed, but nobody was told.')
    const { id: expertId } = await api.createExpert([{ id: fileId } as never])
    await api.until(expertId, 'ready')
    file = { expertId, fileId, name }
  })
  after(() => world.close())

  const vectors = () => world.vectors.count(`${file.expertId}.1`)

  test('is done for the next attempt', async () => {
    const embedded = { prefix: 'unused', parts: 1, pages: 1, pagesSkipped: 0, chunks: 1, tokens: 7, tokensReused: 0 }
    const seconds = { download: 0, extract: 0, embed: 0 }
    await new MockActivityEnvironment({ attempt: 2 }).run(upsertVectors({ ...world, runs }), {
      ...file,
      ...embedded,
      seconds,
    })
    assert.equal(await vectors(), 1)
  })

  test('keeps its vectors, whatever is reported of it later', async () => {
    const failure = { stage: 'store', code: 'INTERNAL', message: 'late' } as const
    await new MockActivityEnvironment().run(recordFailure({ ...world, runs }), { ...file, ...failure })
    assert.equal(await vectors(), 1)
    assert.equal(await runs.isIndexed(file), true)
  })
})
