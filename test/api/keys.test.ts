import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { Requests } from '../support/requests.ts'
import { textTable } from '../support/text-table.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const ADMIN_KEY = 'a-key-of-the-configuration-of-40-letters'
const OTHER_USER = '00000000-0000-4000-8000-0000000000ff'
const FOR_ADMINISTRATORS = /^\/(keys|users)\b/
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

describe('without API keys', () => {
  let world: World
  before(async () => {
    world = await startWorld({ workers: false })
  })
  after(() => world.close())

  test('this machine is answered by its own name, and no page from elsewhere', async () => {
    const ask = async (headers: Record<string, string>) => {
      const { status, body } = await new Requests(world.app, headers).send('GET', '/experts')
      return [status, body.code]
    }
    assert.deepEqual(await ask({ host: 'localhost:8000' }), [200, undefined])
    assert.deepEqual(await ask({ host: 'localhost:8000', origin: 'http://localhost:8000' }), [200, undefined])
    assert.deepEqual(await ask({ host: 'rebound.example.org' }), [403, 'HOST_NOT_ALLOWED'])
    assert.deepEqual(await ask({ host: 'localhost', origin: 'https://evil.example' }), [403, 'HOST_NOT_ALLOWED'])
    assert.deepEqual(await ask(bearer('esk_nonsense')), [401, 'UNAUTHENTICATED'])
  })

  test('the first key that is made closes the door, and its end does not open it again', async () => {
    const open = new Requests(world.app)
    const locked = await open.send('POST', '/keys', { name: 'first' })
    assert.deepEqual([locked.status, locked.body.code], [409, 'FIRST_KEY_NEEDS_ADMIN'])
    const { status, body } = await open.send('POST', '/keys', { name: 'first', scopes: ['read', 'admin'] })
    assert.equal(status, 201, JSON.stringify(body))
    assert.equal((await open.send('GET', '/experts')).status, 401)
    const keyed = new Requests(world.app, bearer(String(body.key)))
    assert.equal((await keyed.send('GET', '/experts')).status, 200)
    assert.equal((await keyed.send('DELETE', `/keys/${body.id}`)).status, 204)
    const refused = await keyed.send('GET', '/experts')
    assert.equal(refused.status, 401)
    assert.equal(refused.headers['www-authenticate'], 'Bearer')
    assert.equal((await open.send('GET', '/experts')).status, 401)
    assert.equal((await open.send('GET', '/healthz')).status, 200)
  })
})

test('browsers are told what they may do: pages of the configuration call, others do not; nothing is guessed or framed', async () => {
  const world = await startWorld({ workers: false, adminKey: ADMIN_KEY })
  try {
    const ask = async (origin: string) =>
      (await new Requests(world.app, { ...bearer(ADMIN_KEY), origin }).send('GET', '/experts')).headers
    const allowed = await ask('https://app.example.org')
    assert.equal(allowed['access-control-allow-origin'], 'https://app.example.org')
    assert.equal(allowed['x-content-type-options'], 'nosniff')
    assert.equal(allowed['x-frame-options'], 'SAMEORIGIN')
    assert.match(String(allowed['content-security-policy']), /default-src 'self'/)
    assert.doesNotMatch(String(allowed['content-security-policy']), /upgrade-insecure-requests/)
    assert.equal((await ask('https://evil.example'))['access-control-allow-origin'], undefined)
  } finally {
    await world.close()
  }
})

describe('API keys', () => {
  let world: World
  let admin: Requests

  before(async () => {
    world = await startWorld({ workers: false, adminKey: ADMIN_KEY })
    admin = new Requests(world.app, bearer(ADMIN_KEY))
  })
  after(() => world.close())

  const make = async (options: object) => {
    const { status, body } = await admin.send('POST', '/keys', { name: 'test', ...options })
    assert.equal(status, 201, JSON.stringify(body))
    return { id: String(body.id), key: String(body.key), requests: new Requests(world.app, bearer(String(body.key))) }
  }

  test('are shown once and kept as a hash; the list tells which they are', async () => {
    const { id, key } = await make({ name: 'shown once' })
    assert.match(key, /^esk_[\w-]{43}$/)
    const { body } = await admin.send('GET', '/keys')
    const listed = (body.items as Record<string, unknown>[]).find((each) => each.id === id)
    assert.deepEqual(
      [listed?.name, listed?.prefix, listed?.scopes],
      ['shown once', key.slice(0, 12), ['read', 'write']],
    )
    assert.ok(!JSON.stringify(body).includes(key))
    const { rows } = await world.database.pool.query('select t::text as row from api_keys t')
    assert.ok(rows.every(({ row }) => !row.includes(key)))
  })

  test('may do what their scopes say, and no more', async () => {
    const reader = (await make({ scopes: ['read'] })).requests
    const writer = (await make({ scopes: ['read', 'write'] })).requests
    const file = await writer.upload('scoped.txt', 'Scopes.')
    assert.equal((await reader.send('GET', `/knowledge-base/files/${file.id}`)).status, 200)
    for (const [method, url] of [
      ['DELETE', `/knowledge-base/files/${file.id}`],
      ['POST', '/experts'],
      ['GET', '/keys'],
    ] as const) {
      const { status, body } = await reader.send(method, url, method === 'POST' ? {} : undefined)
      assert.deepEqual([status, body.code], [403, 'SCOPE_MISSING'], `${method} ${url}`)
    }
    assert.equal((await writer.send('GET', '/keys')).status, 403)
    assert.equal((await writer.send('DELETE', `/knowledge-base/files/${file.id}`)).status, 204)
  })

  test('end when they expire, and cannot be made over', async () => {
    const { id, requests } = await make({ expires_at: new Date(Date.now() + 3_600_000).toISOString() })
    assert.equal((await requests.send('GET', '/experts')).status, 200)
    await world.database.pool.query(`update api_keys set expires_at = now() - interval '1 second' where id = $1`, [id])
    assert.equal((await requests.send('GET', '/experts')).status, 401)
    const { status, body } = await admin.send('POST', '/keys', { name: 'over', expires_at: '2020-01-01T00:00:00Z' })
    assert.deepEqual([status, body.code], [400, 'VALIDATION_FAILED'])
    assert.equal((await admin.send('DELETE', `/keys/${OTHER_USER}`)).status, 404)
  })

  test("give access to the data of one user: every route of the API says 404 of what is another one's", async (t) => {
    const owner = (await make({})).requests
    const other = (await make({ user_id: OTHER_USER })).requests
    const file = await owner.upload('mine.txt', 'Mine.')
    const expert = await owner.createExpert([file])
    const others = await other.upload('theirs.txt', 'Theirs.')
    const uploadId = randomUUID()
    await world.uploads.insert({
      ...{ id: uploadId, userId: file.user_id, name: 'a', originalName: 'a', size: 1, type: 'text/plain' },
      ...{ sha256: 'a'.repeat(64), s3Key: 'uploads/a', storeId: 'a', partSize: 1, lifetimeMs: 60_000 },
    })
    const ids = {
      '/knowledge-base/files/{id}': file.id,
      '/knowledge-base/uploads/{id}': uploadId,
      '/experts/{id}': expert.id,
    }
    const bodies: Record<string, object> = {
      'POST /experts/{id}/search': { query: 'mine' },
      'POST /experts/{id}/chat': { message: 'mine' },
      'POST /experts/{id}/files': { file_ids: [others.id] },
      'POST /experts/{id}/retry': {},
      'PATCH /experts/{id}': { name: 'Theirs' },
    }
    const madeOfFiles = {
      'POST /experts': { name: 'Theirs', system_prompt: '', selected_files: [file.id] },
      'POST /experts/estimate': { selected_files: [file.id] },
    }
    const table = [['route', "with another user's ids"]]
    const { paths } = (await other.send('GET', '/openapi.json')).body as { paths: Record<string, object> }
    for (const [path, methods] of Object.entries(paths))
      for (const method of Object.keys(methods).map((each) => each.toUpperCase() as 'GET')) {
        const route = `${method} ${path}`
        const [, id] = Object.entries(ids).find(([start]) => path.startsWith(start)) ?? []
        const url = path.replace('{id}', id ?? '').replace('{fileId}', file.id)
        if (FOR_ADMINISTRATORS.test(path)) {
          const { status, body } = await other.send(method, path.replace('{id}', file.user_id), { name: 'theirs' })
          assert.deepEqual([status, body.code], [403, 'SCOPE_MISSING'], route)
          table.push([route, `${status} ${body.code}`])
        } else if (id !== undefined) {
          const { status, body } =
            path.endsWith('/content') && method === ('PUT' as string)
              ? await other.sendFile('PUT', url, 'theirs.txt', 'Theirs.')
              : await other.send(method, url, bodies[route])
          assert.equal(status, 404, route)
          table.push([route, `404 ${body.code}`])
        } else if (route in madeOfFiles) {
          const { status, body } = await other.send(method, url, madeOfFiles[route as keyof typeof madeOfFiles])
          assert.deepEqual([status, body.code], [422, 'UNKNOWN_FILES'], route)
          table.push([route, `${status} ${body.code}`])
        } else if (method === 'GET') {
          const answer = JSON.stringify((await other.send(method, url)).body)
          for (const mine of [file.id, expert.id, uploadId]) assert.ok(!answer.includes(mine), route)
          table.push([route, 'takes none, and tells of none'])
        } else table.push([route, 'takes none'])
      }
    const having = (status: string) => table.filter(([, outcome]) => outcome?.startsWith(status)).length
    assert.ok(having('404') >= 20 && having('422') === 2, JSON.stringify(table))
    for (const line of textTable(table)) t.diagnostic(line)
    for (const [start, id] of Object.entries(ids))
      assert.equal((await owner.send('GET', start.replace('{id}', id))).status, 200, `${start} is the owner's still`)
  })

  test('that are guessed are answered more and more slowly: not at all after twenty in a minute', async () => {
    const guesser = new Requests(world.app, bearer(`esk_${'x'.repeat(43)}`))
    const codes: unknown[] = []
    for (let i = 0; i < 25; i++) codes.push((await guesser.send('GET', '/experts')).body.code)
    assert.equal(codes[0], 'UNAUTHENTICATED')
    assert.equal(codes.at(-1), 'TOO_MANY_REQUESTS')
    assert.equal((await admin.send('GET', '/experts')).status, 200, 'who has a key is not kept out')
  })
})

test('each key has its own number of requests a minute, and is told when it may ask again', async () => {
  const world = await startWorld({ workers: false, adminKey: ADMIN_KEY, requestsPerMinute: 5 })
  try {
    const admin = new Requests(world.app, bearer(ADMIN_KEY))
    const { body } = await admin.send('POST', '/keys', { name: 'busy' })
    const busy = new Requests(world.app, bearer(String(body.key)))
    const answers = []
    for (let i = 0; i < 6; i++) answers.push(await busy.send('GET', '/experts'))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200, 200, 429],
    )
    assert.equal(answers.at(-1)?.body.code, 'TOO_MANY_REQUESTS')
    assert.ok(Number(answers.at(-1)?.headers['retry-after']) > 0)
    assert.equal((await admin.send('GET', '/experts')).status, 200)
  } finally {
    await world.close()
  }
})
