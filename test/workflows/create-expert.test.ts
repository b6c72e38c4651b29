import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { progress, summary } from '../../workflows/contract.ts'
import { makePdf } from '../support/pdf.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('CreateExpert', () => {
  let world: World
  let api: Requests

  before(async () => {
    world = await startWorld()
    api = new Requests(world.app)
  })
  after(() => world.close())

  test('indexes the good files and reports each bad one with stage, code and sentence', async () => {
    const good = await api.upload(
      'tides.pdf',
      await makePdf(['The tide gauge reads 4.2 metres.', 'Sensors are calibrated yearly.']),
    )
    const text = await api.upload('notes.txt', 'Buoys drift when their anchors are too light.')
    const encrypted = await api.upload('secret.pdf', await makePdf(['hidden'], { userPassword: 'password' }))
    const corrupt = await api.upload('broken.pdf', '%PDF-1.7\nnothing that a reader could use')

    const { id } = await api.createExpert([good, encrypted, text, corrupt])
    const expert = await api.until(id, 'partially_ready')

    assert.deepEqual(expert.progress, { files: 4, indexed: 2, failed: 2, pending: 0 })
    assert.ok(expert.summary)
    assert.deepEqual(
      expert.summary.failed_files.map(({ name, stage, code, retryable, s3_key }) => ({
        name,
        stage,
        code,
        retryable,
        s3_key,
      })),
      [
        { name: 'secret.pdf', stage: 'extract', code: 'ENCRYPTED', retryable: false, s3_key: encrypted.s3_key },
        { name: 'broken.pdf', stage: 'extract', code: 'CORRUPT', retryable: false, s3_key: corrupt.s3_key },
      ],
    )
    for (const { message } of expert.summary.failed_files) assert.match(message, /^The file is .+\.$/)
    const [best] = await api.search(id, 'tide gauge reads')
    assert.equal(best?.file_name, 'tides.pdf')
    assert.equal(best?.page_start, 1)
  })

  test('answers its queries, and its run carries what the Web UI shows', async () => {
    const { id, workflow_id } = await api.createExpert(
      [await api.upload('bad.pdf', '%PDF-1.7 no more')],
      'Shown expert',
    )
    await api.until(id, 'failed')
    const run = world.client.workflow.getHandle(workflow_id)

    assert.deepEqual(await run.query(progress), { files: 1, indexed: 0, failed: 1, pending: 0 })
    assert.equal((await run.query(summary))?.status, 'failed')
    const description = await run.describe()
    assert.equal(await description.staticSummary(), 'Shown expert')
    const { events } = await run.fetchHistory()
    const summaries = (events ?? []).flatMap(({ userMetadata }) => userMetadata?.summary?.data?.toString() ?? [])
    assert.ok(
      summaries.some((text) => text.includes('download · bad.pdf')),
      summaries.join(),
    )
    const attributes = await eventually(async () => {
      const { typedSearchAttributes } = await run.describe()
      const values = Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]))
      assert.equal(values.ExpertStatus, 'failed')
      return values
    })
    assert.equal(attributes.FailedFiles, 1)
    assert.equal(attributes.ExpertId, id)
  })

  test('retries a failed file by signal once its content was replaced', async () => {
    const file = await api.upload('report.pdf', '%PDF-1.7 damaged')
    const other = await api.upload('other.txt', 'Another file that is fine.')
    const { id } = await api.createExpert([file, other])
    await api.until(id, 'partially_ready')

    const replacement = await makePdf(['The mooring holds eleven tonnes.'])
    const { status } = await api.sendFile('PUT', `/knowledge-base/files/${file.id}/content`, 'report.pdf', replacement)
    assert.equal(status, 200)
    const retried = await api.send('POST', `/experts/${id}/retry`, { file_ids: [file.id] })
    assert.equal(retried.status, 202)
    assert.match(String(retried.body.status), /^(queued|processing)$/)

    const expert = await api.until(id, 'ready')
    assert.deepEqual(expert.summary?.failed_files, [])
    const [best] = await api.search(id, 'mooring holds tonnes')
    assert.equal(best?.file_name, 'report.pdf')
  })

  test('survives signals with nonsense in them', async () => {
    const { id, workflow_id } = await api.createExpert([await api.upload('broken.pdf', '%PDF-1.7 broken')])
    await api.until(id, 'failed')
    const run = world.client.workflow.getHandle(workflow_id)
    await run.signal('retryFailedFiles', { fileIds: ['814', 815, null] })
    await run.signal('addFiles', {})
    await run.signal('removeFiles', null)
    await run.signal('removeFiles', { fileIds: '814', requestId: 815 })
    await run.signal('retryFailedFiles')
    await eventually(async () => {
      const { events } = await run.fetchHistory()
      const passes = (events ?? []).filter(
        (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'summarizePass',
      )
      assert.ok(passes.length > 1)
    })
    assert.equal((await run.describe()).status.name, 'RUNNING')
    await api.until(id, 'failed')
  })

  test('takes more files after its run has ended', async () => {
    const { id } = await api.createExpert([await api.upload('first.txt', 'Lighthouses need lamps.')])
    await api.until(id, 'ready')

    const more = await api.upload('second.txt', 'Foghorns need compressed air.')
    await api.send('POST', `/experts/${id}/files`, { file_ids: [more.id] })

    const expert = await api.until(id, 'ready')
    assert.equal(expert.progress.indexed, 2)
    const [best] = await api.search(id, 'foghorns compressed air')
    assert.equal(best?.file_name, 'second.txt')
  })

  test('gives the same content of two experts the same text and embeddings, without doing the work twice', async () => {
    const content = await makePdf(['Echo sounders measure depth by time of flight.'])
    const first = await api.createExpert([await api.upload('one.pdf', content)])
    const { summary: before } = await api.until(first.id, 'ready')
    const second = await api.createExpert([await api.upload('two.pdf', content)])
    const { summary: after } = await api.until(second.id, 'ready')

    assert.equal(before?.totals.tokens_reused, 0)
    assert.equal(after?.totals.tokens_embedded, 0)
    assert.equal(after?.totals.tokens_reused, before?.totals.tokens_embedded)
  })

  test('reports an object that is gone, and indexes the file once it was sent again', async () => {
    const file = await api.upload('gone.txt', 'This object will vanish.')
    await world.objects.delete(file.s3_key)
    const { id } = await api.createExpert([file])
    const expert = await api.until(id, 'failed')
    assert.equal(expert.summary?.failed_files[0]?.code, 'OBJECT_MISSING')
    assert.equal(expert.summary?.failed_files[0]?.stage, 'download')

    await api.sendFile('PUT', `/knowledge-base/files/${file.id}/content`, 'gone.txt', 'This object is back.')
    await api.send('POST', `/experts/${id}/retry`)
    await api.until(id, 'ready')
  })

  test('deletes an expert with its vectors and keeps its files', async () => {
    const file = await api.upload('kept.txt', 'Files outlive the experts that use them.')
    const { id } = await api.createExpert([file])
    await api.until(id, 'ready')
    assert.equal(await world.vectors.count(`${id}.1`), 1)

    const inUse = await api.send('DELETE', `/knowledge-base/files/${file.id}`)
    assert.equal(inUse.status, 409)
    assert.equal(inUse.body.code, 'FILE_IN_USE')

    const { status, body } = await api.send('DELETE', `/experts/${id}`)
    assert.equal(status, 202)
    assert.equal(body.status, 'deleting')
    await eventually(async () => assert.equal((await api.send('GET', `/experts/${id}`)).status, 404))
    assert.equal(await world.vectors.count(`${id}.1`), 0)
    assert.equal((await api.send('DELETE', `/knowledge-base/files/${file.id}`)).status, 204)
    assert.equal(await world.objects.size(file.s3_key), undefined)
  })

  test('continues as new before its history grows long, and loses no file by it', async () => {
    const count = 420
    const files = []
    for (let i = 0; i < count; i++) files.push(await api.upload(`small-${i}.txt`, `Small file number ${i}.`))
    const { id, workflow_id } = await api.createExpert(files)
    const expert = await api.until(id, 'ready')
    assert.deepEqual(expert.progress, { files: count, indexed: count, failed: 0, pending: 0 })
    assert.equal(await world.vectors.count(`${id}.1`), count)

    // Visibility lags behind: the last run may be listed as running for a moment after it has ended.
    await eventually(async () => {
      const runs = await Array.fromAsync(world.client.workflow.list({ query: `WorkflowId = '${workflow_id}'` }))
      assert.ok(runs.length > 1, 'there was more than one run')
      for (const { historyLength } of runs) assert.ok(historyLength < 10_000, `${historyLength} events`)
      assert.deepEqual(runs.map(({ status }) => status.name).toSorted(), [
        'COMPLETED',
        ...runs.slice(1).map(() => 'CONTINUED_AS_NEW'),
      ])
    })
  })
})
