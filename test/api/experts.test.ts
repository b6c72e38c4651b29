import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const MISSING = '00000000-0000-4000-8000-00000000dead'

describe('experts', () => {
  let world: World
  let api: Requests

  before(async () => {
    world = await startWorld({ workers: false })
    api = new Requests(world.app)
  })
  after(() => world.close())

  const draft = (changes: object = {}) => ({
    name: 'Test Expert',
    system_prompt: 'You are a helpful assistant',
    voice_id: '21m00Tcm4TlvDq8ikWAM',
    selected_files: [MISSING],
    ...changes,
  })

  test('starts a workflow and answers at once, with where to watch it', async () => {
    const file = await api.upload('a.txt', 'a')
    const { status, headers, body } = await api.send('POST', '/experts/', draft({ selected_files: [file.id, file.id] }))
    assert.equal(status, 202)
    assert.equal(headers.location, `/experts/${body.id}`)
    assert.equal(body.status, 'queued')
    assert.equal(body.summary, null)
    assert.deepEqual(body.progress, { files: 1, indexed: 0, failed: 0, pending: 1 })
    assert.equal(body.workflow_id, `expert-${body.id}`)
    assert.equal(body.temporal_ui_url, `http://127.0.0.1:8233/namespaces/default/workflows/expert-${body.id}`)
    const { workflowId, status: run } = await world.client.workflow.getHandle(String(body.workflow_id)).describe()
    assert.equal(run.name, 'RUNNING')
    await world.client.workflow.getHandle(workflowId).terminate()
  })

  test('names the files that it does not know, and creates nothing', async () => {
    const { status, body } = await api.send('POST', '/experts', draft())
    assert.equal(status, 422)
    assert.equal(body.code, 'UNKNOWN_FILES')
    assert.deepEqual(body.file_ids, [MISSING])
  })

  test('says what to set where there is no model to ask, and 404 of an expert that is not there', async () => {
    const { body: expert } = await api.send(
      'POST',
      '/experts',
      draft({ selected_files: [(await api.upload('b.txt', 'b')).id] }),
    )
    const { status, body } = await api.send('POST', `/experts/${expert.id}/chat`, { message: 'Who?' })
    assert.deepEqual([status, body.code, body.variable], [501, 'CHAT_NOT_CONFIGURED', 'OPENAI_API_KEY'])
    assert.equal((await api.send('POST', `/experts/${MISSING}/chat`, { message: 'Who?' })).status, 404)
    await world.client.workflow.getHandle(String(expert.workflow_id)).terminate()
  })

  for (const [what, changes, where] of [
    ['a file id that is none', { selected_files: ['file-id-here'] }, 'body/selected_files/0'],
    ['no files', { selected_files: [] }, 'body/selected_files'],
    ['an empty name', { name: '' }, 'body/name'],
    ['a name that is a number', { name: 5 }, 'body/name'],
    ['a NUL in the prompt', { system_prompt: 'a\u0000b' }, 'body/system_prompt'],
  ] as const)
    test(`refuses ${what} and says where it stands`, async () => {
      const { status, body } = await api.send('POST', '/experts', draft(changes))
      assert.equal(status, 400)
      assert.equal(body.code, 'VALIDATION_FAILED')
      assert.ok(String(body.detail).includes(where), String(body.detail))
    })

  test("does not show another user's experts and files", async () => {
    const file = await api.upload('mine.txt', 'mine')
    await world.database.pool.query("update files set user_id = '11111111-1111-4111-8111-111111111111' where id = $1", [
      file.id,
    ])
    assert.equal((await api.send('GET', `/knowledge-base/files/${file.id}`)).status, 404)
    assert.equal((await api.send('POST', '/experts', draft({ selected_files: [file.id] }))).status, 422)
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/files'],
      ['POST', '/retry'],
      ['POST', '/cancel'],
      ['DELETE', ''],
    ] as const)
      assert.equal((await api.send(method, `/experts/${MISSING}${path}`)).status, 404, `${method} ${path}`)
  })
})
