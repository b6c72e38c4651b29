import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('what is asked twice without an Idempotency-Key does no harm', () => {
  let world: World
  let api: Requests

  before(async () => {
    world = await startWorld()
    api = new Requests(world.app)
  })
  after(() => world.close())

  const twice = async (...request: Parameters<Requests['send']>) => {
    const answers = await Promise.all([api.send(...request), api.send(...request)])
    return answers.map(({ status, body }) => ({ status, body }))
  }
  const statusesOf = (answers: { status: number }[]) => answers.map(({ status }) => status)
  const result = (workflowId: unknown) => world.client.workflow.getHandle(String(workflowId)).result()

  test('two deletions of a file: one object goes, later ones say 404', async () => {
    const file = await api.upload('a.txt', 'a')
    const url = `/knowledge-base/files/${file.id}`
    const statuses = statusesOf(await twice('DELETE', url))
    assert.ok(statuses.includes(204) && statuses.every((status) => status === 204 || status === 404), statuses.join())
    assert.equal((await api.send('DELETE', url)).status, 404)
    assert.equal(await world.objects.size(file.s3_key), undefined)
  })

  test('two deletions of a file in use are one workflow', async () => {
    const file = await api.upload('used.txt', 'It is in use.')
    const { id } = await api.createExpert([file, await api.upload('other.txt', 'Another one.')])
    await api.until(id, 'ready')
    const url = `/knowledge-base/files/${file.id}`
    const [first, second] = await twice('DELETE', `${url}?cascade=true`)
    assert.deepEqual([first?.status, second], [202, first])
    await result(first?.body.workflow_id)
    assert.equal((await api.send('DELETE', `${url}?cascade=true`)).status, 404)
    assert.deepEqual((await api.expert(id)).progress, { files: 1, indexed: 1, failed: 0, pending: 0 })
  })

  test("two removals of an expert's file take it out once, and leave the others", async () => {
    const files = [await api.upload('out.txt', 'It is taken out.'), await api.upload('in.txt', 'It stays in.')]
    const { id } = await api.createExpert(files)
    await api.until(id, 'ready')
    const url = `/experts/${id}/files/${files[0]?.id}`
    const statuses = statusesOf(await twice('DELETE', url))
    assert.ok(statuses.includes(202) && statuses.every((status) => status === 202 || status === 404), statuses.join())
    await eventually(async () => assert.equal((await api.send('DELETE', url)).status, 404))
    const { progress } = await api.until(id, 'ready')
    assert.deepEqual(progress, { files: 1, indexed: 1, failed: 0, pending: 0 })
    assert.equal((await api.send('GET', `/knowledge-base/files/${files[0]?.id}`)).status, 200)
  })

  test('two deletions of an expert are one workflow, and later ones say 404', async () => {
    const { id } = await api.createExpert([await api.upload('b.txt', 'Something to index.')])
    await api.until(id, 'ready')
    const [first, second] = await twice('DELETE', `/experts/${id}`)
    assert.deepEqual(statusesOf([first, second].filter((each) => each !== undefined)), [202, 202])
    assert.equal(second?.body.workflow_id, first?.body.workflow_id)
    await result(first?.body.workflow_id)
    assert.equal((await api.send('DELETE', `/experts/${id}`)).status, 404)
    assert.equal(await world.vectors.count(`${id}.1`), 0)
  })

  test('two retries are one attempt more or two, and one outcome; one of nothing changes nothing', async () => {
    const broken = await api.upload('broken.pdf', '%PDF-1.7 broken')
    const { id } = await api.createExpert([broken, await api.upload('whole.txt', 'This one is whole.')])
    await api.until(id, 'partially_ready')
    await api.sendFile('PUT', `/knowledge-base/files/${broken.id}/content`, 'mended.txt', 'It is whole now.')
    assert.deepEqual(statusesOf(await twice('POST', `/experts/${id}/retry`)), [202, 202])
    const ready = await api.until(id, 'ready')
    assert.deepEqual(ready.progress, { files: 2, indexed: 2, failed: 0, pending: 0 })
    assert.deepEqual(statusesOf(await twice('POST', `/experts/${id}/retry`)), [202, 202])
    assert.deepEqual((await api.until(id, 'ready')).progress, ready.progress)
    assert.equal(await world.vectors.count(`${id}.1`), ready.summary?.totals.chunks)
  })

  test('two cancellations, and adding the same files twice', async () => {
    const file = await api.upload('twice.txt', 'It comes twice.')
    const { id } = await api.createExpert([file])
    await api.until(id, 'ready')
    assert.deepEqual(
      statusesOf(await twice('POST', `/experts/${id}/files`, { file_ids: [file.id, file.id] })),
      [202, 202],
    )
    assert.equal((await api.until(id, 'ready')).progress.files, 1)
    assert.deepEqual(statusesOf(await twice('POST', `/experts/${id}/cancel`)), [202, 202])
    assert.equal((await api.expert(id)).progress.indexed, 1)
  })
})
