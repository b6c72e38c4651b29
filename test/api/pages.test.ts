import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ExpertJson } from '../support/requests.ts'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const ADMIN_KEY = 'a-key-of-the-configuration-of-40-letters'
const ROWS = 7

describe('pages of a list miss and repeat nothing while rows come and go', () => {
  let world: World
  let api: Requests
  let expert: ExpertJson

  before(async () => {
    world = await startWorld({ workers: false, adminKey: ADMIN_KEY })
    api = new Requests(world.app, { authorization: `Bearer ${ADMIN_KEY}` })
    const files = []
    for (let i = 0; i < ROWS; i++) files.push(await api.upload(`${i}.txt`, String(i)))
    for (let i = 0; i < ROWS; i++) expert = await api.createExpert(files, `Expert ${i}`)
    for (let i = 0; i < ROWS; i++) await api.send('POST', '/keys', { name: `key ${i}` })
    // The order must not rest on time alone.
    for (const table of ['files', 'experts', 'api_keys'])
      await world.database.pool.query(`update ${table} set created_at = '2026-01-01'`)
  })
  after(() => world.close())

  const idOf = (item: Record<string, unknown>) => String(item.id ?? item.file_id)

  /** The ids of all pages; `between` is done after each. */
  async function walk(url: string, between: () => Promise<unknown> = async () => undefined): Promise<string[]> {
    const ids: string[] = []
    for (let cursor: unknown = ''; cursor !== null; ) {
      const { status, body } = await api.send('GET', `${url}?limit=2${cursor ? `&cursor=${cursor}` : ''}`)
      assert.equal(status, 200, JSON.stringify(body))
      ids.push(...(body.items as Record<string, unknown>[]).map(idOf))
      cursor = body.next_cursor
      if (ids.length > 100) break
      await between()
    }
    return ids
  }

  test('experts of one name are listed alone, letter for letter, and none of another user', async () => {
    const [twin, other] = [await api.createExpert([await api.upload('t.txt', 't')], '100 % Twin'), expert]
    const named = async (name: string) => {
      const { body } = await api.send('GET', `/experts?limit=1&name=${encodeURIComponent(name)}`)
      return (body.items as Record<string, unknown>[]).map(idOf)
    }
    assert.deepEqual(await named('100 % Twin'), [twin.id])
    assert.deepEqual(await named(other.name), [other.id])
    assert.deepEqual([await named('100 % twin'), await named('%'), await named('')], [[], [], []])
    const { rowCount } = await world.database.pool.query(
      `update experts set user_id = gen_random_uuid(), name = 'Theirs' where id = $1`,
      [twin.id],
    )
    assert.deepEqual([rowCount, await named('Theirs')], [1, []])
    await world.database.pool.query('delete from experts where id = $1', [twin.id])
  })

  const add = { expert: 0, file: 0 }
  for (const [what, url, insert, newest] of [
    ['files', () => '/knowledge-base/files', () => api.upload('new.txt', `new ${add.file++}`), 'first'],
    [
      'experts',
      () => '/experts',
      async () => api.createExpert([await api.upload('n.txt', 'n')], `New ${add.expert++}`),
      'first',
    ],
    ['API keys', () => '/keys', () => api.send('POST', '/keys', { name: 'new' }), 'first'],
    [
      "an expert's files",
      () => `/experts/${expert.id}/files`,
      async () => {
        const { id } = await api.upload('late.txt', 'late')
        if (add.file++ < 3)
          await world.database.pool.query('insert into expert_files (expert_id, file_id) values ($1, $2)', [
            expert.id,
            id,
          ])
      },
      'last',
    ],
  ] as const)
    test(what, async () => {
      const before = await walk(url())
      assert.equal(new Set(before).size, before.length)
      assert.ok(before.length >= ROWS)
      add.file = 0
      const during = await walk(url(), insert)
      assert.equal(new Set(during).size, during.length)
      if (newest === 'first') assert.deepEqual(during, before, 'what comes meanwhile stands before the first page')
      else assert.deepEqual(during.slice(0, before.length), before, 'what comes meanwhile stands behind the last page')
    })

  test('a page goes on where it stopped though its last row was deleted', async () => {
    const all = await walk('/knowledge-base/files')
    const { body } = await api.send('GET', '/knowledge-base/files?limit=2')
    // Nobody uses it: it was uploaded for the list.
    const last = (body.items as { id: string }[])[1]?.id
    assert.equal((await api.send('DELETE', `/knowledge-base/files/${last}`)).status, 204)
    const next = await api.send('GET', `/knowledge-base/files?limit=2&cursor=${body.next_cursor}`)
    assert.deepEqual(
      (next.body.items as { id: string }[]).map(({ id }) => id),
      all.slice(2, 4),
    )
  })
})
