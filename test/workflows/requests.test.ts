import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { Gate } from '../support/gate.ts'
import { startOpenAiServer } from '../support/openai-server.ts'
import type { ExpertFileJson, FileJson } from '../support/requests.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

/** More than are in flight at a time, so that some of a run's files wait. */
const MANY = 55

describe('what is asked of a run while it goes on', () => {
  let openai: Awaited<ReturnType<typeof startOpenAiServer>>
  let world: World
  let api: Requests

  before(async () => {
    openai = await startOpenAiServer()
    const { apiKey, baseUrl } = openai
    const model = { model: 'text-embedding-3-small', dimensions: 64 }
    world = await startWorld({ embedder: { kind: 'openai', apiKey, baseUrl, ...model } })
    api = new Requests(world.app)
  })
  afterEach(() => openai.server.heal())
  after(async () => {
    await world.close()
    await openai.close()
  })

  const manyFiles = (name: string) =>
    Promise.all(Array.from({ length: MANY }, (_, i) => api.upload(`${name}-${i}.txt`, `${name}: note ${i}.`)))

  const filesOf = async (expertId: string, query = '') =>
    (await api.send('GET', `/experts/${expertId}/files?limit=1000${query}`)).body.items as ExpertFileJson[]

  /** An expert of which no file gets beyond embedding until the gate is opened. */
  async function createHeld(files: readonly FileJson[]): Promise<{ id: string; gate: Gate }> {
    const gate = openai.server.hold(() => true)
    const { id } = await api.createExpert(files)
    await gate.arrival
    return { id, gate }
  }

  test('a retry in the middle of a pass is part of that pass', async () => {
    const broken = await api.upload('broken.pdf', '%PDF-1.7 broken')
    const { id, gate } = await createHeld([broken, ...(await manyFiles('retried'))])
    await eventually(async () => assert.equal((await api.expert(id)).progress.failed, 1))
    await api.sendFile('PUT', `/knowledge-base/files/${broken.id}/content`, 'whole.txt', 'It is whole now.')
    assert.equal((await api.send('POST', `/experts/${id}/retry`)).status, 202)
    gate.open()
    const { progress } = await api.until(id, 'ready')
    assert.deepEqual(progress, { files: MANY + 1, indexed: MANY + 1, failed: 0, pending: 0 })
  })

  test('files that are added just before a cancellation are in the expert, and a retry takes them up', async () => {
    const { id, gate } = await createHeld(await manyFiles('cancelled'))
    const added = await api.upload('added.txt', 'Added late.')
    assert.equal((await api.send('POST', `/experts/${id}/files`, { file_ids: [added.id] })).status, 202)
    assert.equal((await api.send('POST', `/experts/${id}/cancel`)).status, 202)
    gate.open()
    await api.until(id, 'cancelled')
    const late = (await filesOf(id)).find(({ file_id }) => file_id === added.id)
    assert.equal(late?.status, 'cancelled')

    await api.send('POST', `/experts/${id}/retry`)
    assert.equal((await api.until(id, 'ready')).progress.indexed, MANY + 1)
  })

  test('a retry of some cancelled files leaves the others for a later one', async () => {
    const files = [await api.upload('one.txt', 'The first one.'), await api.upload('two.txt', 'The second one.')]
    const { id, gate } = await createHeld(files)
    await api.send('POST', `/experts/${id}/cancel`)
    gate.open()
    await api.until(id, 'cancelled')

    await api.send('POST', `/experts/${id}/retry`, { file_ids: [files[0]?.id] })
    const some = await api.until(id, 'partially_ready')
    assert.deepEqual(some.progress, { files: 2, indexed: 1, failed: 0, pending: 0 })
    const { body } = await api.send('POST', `/experts/${id}/retry`)
    assert.match(String(body.status), /^(queued|processing)$/)
    assert.equal((await api.until(id, 'ready')).progress.indexed, 2)
  })

  test('a file that was taken out comes in again, however its id is written', async () => {
    const { id, gate } = await createHeld(await manyFiles('again'))
    const [file] = await filesOf(id)
    await api.send('DELETE', `/experts/${id}/files/${file?.file_id}`)
    await eventually(async () => assert.equal((await api.expert(id)).progress.files, MANY - 1))
    await api.send('POST', `/experts/${id}/files`, { file_ids: [file?.file_id.toUpperCase()] })
    gate.open()
    assert.equal((await api.until(id, 'ready')).progress.indexed, MANY)
  })

  test('a removal that comes with a cancellation is done', async () => {
    const { id, gate } = await createHeld(await manyFiles('removed'))
    const [file] = await filesOf(id)
    const [cancelled, removed] = await Promise.all([
      api.send('POST', `/experts/${id}/cancel`),
      api.send('DELETE', `/experts/${id}/files/${file?.file_id}`),
    ])
    assert.deepEqual([cancelled.status, removed.status], [202, 202])
    gate.open()
    const removal = world.client.workflow.getHandle(String(removed.body.workflow_id))
    const receipt = await eventually(() => removal.result() as Promise<{ files_removed: number }>)
    assert.equal(receipt.files_removed, 1)
    assert.equal((await filesOf(id)).length, MANY - 1)
    await api.until(id, 'cancelled')
  })
})
