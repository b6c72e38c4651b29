import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ExpertJson } from '../support/requests.ts'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('editing an expert', () => {
  let world: World
  let api: Requests
  let expert: ExpertJson

  before(async () => {
    world = await startWorld({ workers: false })
    api = new Requests(world.app)
    expert = await api.createExpert([await api.upload('a.txt', 'a')])
  })
  after(() => world.close())

  const etag = async () => String((await api.send('GET', `/experts/${expert.id}`)).headers.etag)
  const edit = (changes: object, ifMatch?: string) =>
    new Requests(world.app, ifMatch === undefined ? {} : { 'if-match': ifMatch }).send(
      'PATCH',
      `/experts/${expert.id}`,
      changes,
    )

  test('changes what is given and leaves the rest', async () => {
    const renamed = await edit({ name: 'Renamed' })
    assert.equal(renamed.status, 200, JSON.stringify(renamed.body))
    const { name, system_prompt, voice_id } = renamed.body as ExpertJson
    assert.deepEqual([name, system_prompt, voice_id], ['Renamed', expert.system_prompt, expert.voice_id])
    const { body } = await edit({ voice_id: null, system_prompt: '' })
    assert.deepEqual([body.name, body.system_prompt, body.voice_id], ['Renamed', '', null])
    assert.deepEqual(await api.expert(expert.id), body)
  })

  test('of a version that is not the current one is refused, and changes nothing', async () => {
    const stale = await etag()
    assert.match(stale, /^"\d+"$/)
    const first = await edit({ name: 'First' }, stale)
    assert.equal(first.status, 200)
    assert.equal(first.headers.etag, await etag())
    assert.notEqual(first.headers.etag, stale)
    for (const tag of [stale, `W/${first.headers.etag}`, 'nonsense', '']) {
      const { status, body } = await edit({ name: 'Second' }, tag)
      assert.deepEqual([status, body.code], [412, 'PRECONDITION_FAILED'], tag)
    }
    assert.equal((await api.expert(expert.id)).name, 'First')
    assert.equal((await edit({ name: 'Second' }, `"999", ${first.headers.etag}`)).status, 200)
    assert.equal((await edit({ name: 'Third' }, '*')).status, 200)
  })

  test('lets one of two win who edit the same version at once', async () => {
    const current = await etag()
    const answers = await Promise.all(['A', 'B', 'C'].map((name) => edit({ name }, current)))
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 412, 412])
    const winner = answers.find(({ status }) => status === 200)
    assert.equal((await api.expert(expert.id)).name, winner?.body.name)
  })

  test('goes on while its files are processed: progress leaves the ETag as it is', async () => {
    const before = await etag()
    const { pool } = world.database
    await pool.query(`update expert_files set status = 'indexed' where expert_id = $1`, [expert.id])
    await pool.query(`update experts set status = 'processing', updated_at = now() where id = $1`, [expert.id])
    assert.equal(await etag(), before)
    assert.equal((await edit({ name: 'Meanwhile' }, before)).status, 200)
  })

  test('takes nothing else, and not nothing', async () => {
    for (const changes of [{}, { status: 'ready' }, { name: '' }, { name: null }, { name: 'a', id: expert.id }]) {
      const { status, body } = await edit(changes)
      assert.deepEqual([status, body.code], [400, 'VALIDATION_FAILED'], JSON.stringify(changes))
    }
  })

  test('is told apart from one that is gone, or on its way', async () => {
    const missing = await api.send('PATCH', '/experts/00000000-0000-4000-8000-00000000dead', { name: 'a' })
    assert.deepEqual([missing.status, missing.body.code], [404, 'EXPERT_NOT_FOUND'])
    const other = await api.createExpert([await api.upload('b.txt', 'b')])
    await api.send('DELETE', `/experts/${other.id}`)
    const leaving = await api.send('PATCH', `/experts/${other.id}`, { name: 'a' })
    assert.deepEqual([leaving.status, leaving.body.code], [409, 'EXPERT_BEING_DELETED'])
  })

  test('may be done by a page of an origin that is allowed', async () => {
    const { statusCode, headers } = await world.app.inject({
      method: 'OPTIONS',
      url: `/experts/${expert.id}`,
      headers: {
        origin: 'https://app.example.org',
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'if-match,content-type',
      },
    })
    assert.equal(statusCode, 204)
    assert.match(String(headers['access-control-allow-methods']), /PATCH/)
    assert.match(String(headers['access-control-allow-headers']), /if-match/)
  })
})
