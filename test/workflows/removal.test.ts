import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startPineconeServer } from '../support/pinecone-server.ts'
import type { FileJson } from '../support/requests.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('removal', () => {
  let pinecone: Awaited<ReturnType<typeof startPineconeServer>>
  let world: World
  let api: Requests

  before(async () => {
    pinecone = await startPineconeServer()
    const { url: controllerHost, apiKey } = pinecone
    world = await startWorld({
      vectors: { kind: 'pinecone', apiKey, index: 'removal', cloud: 'aws', region: 'us-east-1', controllerHost },
    })
    api = new Requests(world.app)
  })
  after(async () => {
    await world.close()
    await pinecone.close()
  })

  const derivedOf = ({ sha256 }: FileJson) => Array.fromAsync(world.objects.list(`derived/${sha256}/`))
  const vectorsOf = (expertId: string) => pinecone.vectors(`${expertId}.1`).map(({ id }) => id)
  const receiptOf = (body: Record<string, unknown>) =>
    world.client.workflow.getHandle(String(body.workflow_id)).result() as Promise<Record<string, unknown>>
  const isGone = (url: string) => eventually(async () => assert.equal((await api.send('GET', url)).status, 404))
  const filesOf = async (expertId: string) =>
    ((await api.send('GET', `/experts/${expertId}/files`)).body.items as { file_id: string }[]).map(
      ({ file_id }) => file_id,
    )

  test('takes a file out of an expert: its vectors, what was derived from it, its row, with a receipt', async () => {
    const kept = await api.upload('kept.txt', 'This one stays where it is.')
    const removed = await api.upload('removed.txt', 'This one goes away again.')
    const { id } = await api.createExpert([kept, removed])
    await api.until(id, 'ready')

    const { status, body } = await api.send('DELETE', `/experts/${id}/files/${removed.id}`)
    assert.equal(status, 202, JSON.stringify(body))
    const receipt = { expert_id: id, files_removed: 1, vectors_deleted: 1, vectors_left: 0, artefacts_deleted: 3 }
    await eventually(async () => assert.deepEqual(await receiptOf(body), receipt))

    const expert = await eventually(async () => {
      const found = await api.until(id, 'ready')
      assert.equal(found.summary?.totals.files, 1)
      return found
    })
    assert.deepEqual(expert.progress, { files: 1, indexed: 1, failed: 0, pending: 0 })
    assert.deepEqual(await filesOf(id), [kept.id])
    assert.deepEqual(vectorsOf(id), [`${kept.id}#0`])
    assert.deepEqual(await derivedOf(removed), [])
    assert.equal((await derivedOf(kept)).length, 3)
    assert.equal((await api.send('GET', `/knowledge-base/files/${removed.id}`)).status, 200, 'the file itself stays')
    assert.equal((await api.send('DELETE', `/experts/${id}/files/${removed.id}`)).status, 404)
  })

  test('keeps what was derived as long as another expert uses the same content', async () => {
    const file = await api.upload('shared.txt', 'Two experts know this.')
    const copy = await api.upload('copy.txt', 'Two experts know this.')
    const one = await api.createExpert([file])
    const other = await api.createExpert([copy])
    for (const { id } of [one, other]) await api.until(id, 'ready')

    for (const [{ id }, left] of [
      [one, 3],
      [other, 0],
    ] as const) {
      const { body } = await api.send('DELETE', `/experts/${id}`)
      const receipt = (await receiptOf(body)) as { vectors_left: number }
      assert.equal(receipt.vectors_left, 0)
      assert.equal((await derivedOf(file)).length, left)
      assert.deepEqual(vectorsOf(id), [])
    }
  })

  test('stops the processing of a file that is removed, and leaves no vector of it', async () => {
    const stuck = await api.upload('stuck.txt', 'The store refuses this one.')
    pinecone.server.failNext({ status: 503, times: 1_000, path: '/vectors/upsert' })
    const { id } = await api.createExpert([stuck])
    await eventually(async () => {
      const { body } = await api.send('GET', `/experts/${id}/files?status=processing`)
      assert.equal((body.items as { stage: string }[])[0]?.stage, 'store')
    })
    await api.send('DELETE', `/experts/${id}/files/${stuck.id}`)
    const expert = await eventually(async () => {
      const found = await api.expert(id)
      assert.deepEqual(found.progress, { files: 0, indexed: 0, failed: 0, pending: 0 })
      return found
    })
    pinecone.server.heal()
    assert.equal(expert.progress.failed, 0)
    assert.deepEqual(vectorsOf(id), [])
    await api.until(id, 'ready')
  })

  test('makes an expert ready whose only failed file is removed, and takes it in again later', async () => {
    const good = await api.upload('good.txt', 'A good one.')
    const bad = await api.upload('bad.pdf', '%PDF-1.7 bad')
    const { id } = await api.createExpert([good, bad])
    await api.until(id, 'partially_ready')
    await api.send('DELETE', `/experts/${id}/files/${bad.id}`)
    await api.until(id, 'ready')

    await api.send('POST', `/experts/${id}/files`, { file_ids: [bad.id] })
    await api.until(id, 'partially_ready')
    assert.deepEqual(await filesOf(id), [good.id, bad.id])
  })

  test('asks the store until it shows none of the vectors that were deleted', async () => {
    const file = await api.upload('lagging.txt', 'The store is slow to show it.')
    const { id } = await api.createExpert([file])
    await api.until(id, 'ready')
    pinecone.server.failNext({
      status: 200,
      times: 2,
      path: '/vectors/list',
      body: { vectors: [{ id: `${file.id}#0` }] },
    })
    const asked = pinecone.server.count('/vectors/list')
    const { body } = await api.send('DELETE', `/experts/${id}/files/${file.id}`)
    const receipt = await eventually(() => receiptOf(body))
    assert.equal(receipt.vectors_left, 0)
    assert.ok(pinecone.server.count('/vectors/list') - asked >= 3)
  })

  test('goes on once a key that the store refused is corrected, and leaves nothing until then', async () => {
    const file = await api.upload('refused.txt', 'The key was changed in between.')
    const { id } = await api.createExpert([file])
    await api.until(id, 'ready')
    const before = pinecone.server.struck
    pinecone.server.failNext({ status: 401, times: 2, path: '/vectors/delete' })
    const { body } = await api.send('DELETE', `/experts/${id}`)
    assert.equal((await receiptOf(body)).vectors_left, 0)
    assert.equal(pinecone.server.struck - before, 2)
    assert.deepEqual(vectorsOf(id), [])
  })

  test('deletes a file that experts use only when asked to, and then with all its traces', async () => {
    const file = await api.upload('used.txt', 'Everybody uses this one.')
    const experts = [await api.createExpert([file], 'First'), await api.createExpert([file], 'Second')]
    for (const { id } of experts) await api.until(id, 'ready')

    const refused = await api.send('DELETE', `/knowledge-base/files/${file.id}`)
    assert.equal(refused.status, 409)
    assert.match(String(refused.body.detail), /"First", "Second"/)

    const { status, body } = await api.send('DELETE', `/knowledge-base/files/${file.id}?cascade=true`)
    assert.equal(status, 202, JSON.stringify(body))
    const receipt = await receiptOf(body)
    assert.deepEqual(
      { ...receipt, experts_left: new Set(receipt.experts_left as string[]) },
      { file_id: file.id, experts_left: new Set(experts.map(({ id }) => id)), objects_deleted: 1 },
    )
    await isGone(`/knowledge-base/files/${file.id}`)
    assert.equal(await world.objects.size(file.s3_key), undefined)
    assert.deepEqual(await derivedOf(file), [])
    for (const { id } of experts) assert.deepEqual(vectorsOf(id), [])
  })

  test('is not found for a file that the expert does not have', async () => {
    const { id } = await api.createExpert([await api.upload('only.txt', 'The only one.')])
    const other = await api.upload('other.txt', 'Another one.')
    const { status, body } = await api.send('DELETE', `/experts/${id}/files/${other.id}`)
    assert.equal(status, 404)
    assert.equal(body.code, 'FILE_NOT_FOUND')
    await api.until(id, 'ready')
  })
})

test('a worker with one slot deletes experts that wait for a retry, and files that they use', async () => {
  const world = await startWorld({ concurrentActivities: 1 })
  try {
    const api = new Requests(world.app)
    const [good, bad] = [await api.upload('good.txt', 'A good one.'), await api.upload('bad.pdf', '%PDF-1.7 bad')]
    const experts = [await api.createExpert([good, bad]), await api.createExpert([good, bad])]
    for (const { id } of experts) await api.until(id, 'partially_ready')
    const deletions = [
      await api.send('DELETE', `/experts/${experts[0]?.id}`),
      await api.send('DELETE', `/knowledge-base/files/${bad.id}?cascade=true`),
    ]
    for (const { body } of deletions) await world.client.workflow.getHandle(String(body.workflow_id)).result()
    await api.until(String(experts[1]?.id), 'ready')
  } finally {
    await world.close()
  }
})
