import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { FastifyRequest } from 'fastify'
import { whileUploadHeld } from '../../api/hold-upload.ts'
import { once } from '../../api/idempotency.ts'
import type { DirectUpload, DirectUploadStore } from '../../domain/direct-upload.ts'
import type { IdempotencyStore } from '../../domain/ports.ts'
import { RawConnection } from '../support/raw-connection.ts'
import type { FileJson } from '../support/requests.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const ADMIN_KEY = 'a-key-of-the-configuration-of-40-letters'
const OTHER_USER = '00000000-0000-4000-8000-0000000000ff'
const authorization = `Bearer ${ADMIN_KEY}`

describe('a renewal of a hold that is under way', () => {
  /** Does some work that takes until the first renewal is sent, whose answer is late. @returns what was told, in order */
  async function order(t: TestContext, work: (told: string[], renew: () => Promise<void>) => Promise<unknown>) {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const told: string[] = []
    const renew = async () => {
      told.push('renews')
      await new Promise((resolve) => setImmediate(resolve))
      told.push('renewed')
    }
    await work(told, renew)
    return told
  }

  test('ends before an upload is let go', async (t) => {
    let isFirst = true
    const told = await order(t, (told, renew) => {
      const hold = async () => {
        if (!isFirst) await renew()
        isFirst = false
        return true
      }
      const uploads = { hold, letGo: async () => void told.push('let go') } as unknown as DirectUploadStore
      return whileUploadHeld(uploads, { userId: '', id: '' } as DirectUpload, async () => t.mock.timers.tick(5_000))
    })
    assert.deepEqual(told, ['renews', 'renewed', 'let go'])
  })

  test('ends before a key is let go', async (t) => {
    const told = await order(t, (told, renew) => {
      const letGo = async () => void told.push('let go')
      const begun = { state: 'begun', resourceId: '', isResumed: false }
      const store = { begin: async () => begun, renew, letGo } as unknown as IdempotencyStore
      const request = { headers: { 'idempotency-key': 'k' }, routeOptions: {} } as unknown as FastifyRequest
      const make = async () => {
        t.mock.timers.tick(5_000)
        throw new Error('broken')
      }
      return assert.rejects(once(store, request, { make, isSame: () => true }), /broken/)
    })
    assert.deepEqual(told, ['renews', 'renewed', 'let go'])
  })
})

describe('a request with an Idempotency-Key', () => {
  let world: World
  let api: Requests
  let file: FileJson

  before(async () => {
    world = await startWorld({ workers: false, adminKey: ADMIN_KEY, maxUploadBytes: 1_000_000 })
    api = new Requests(world.app, { authorization })
    file = await api.upload('first.txt', 'The first file.')
  })
  after(() => world.close())

  const withKey = (key: string = randomUUID()) => new Requests(world.app, { authorization, 'idempotency-key': key })
  const draft = (name: string) => ({ name, system_prompt: 'You help.', selected_files: [file.id] })
  const count = async (table: 'experts' | 'files' | 'api_keys') =>
    (await world.database.pool.query(`select count(*)::int as rows from ${table}`)).rows[0].rows as number
  const objects = async () => (await Array.fromAsync(world.objects.list('uploads/'))).length

  /** As if the API had died when everything was made and nothing was said, and its hold had ended. */
  const forgetAnswer = (key: string, fingerprint = 'fingerprint') =>
    world.database.pool.query(
      `update idempotency_keys set status = null, location = null, body = null, held_until = now(), fingerprint = ${fingerprint}
       where key = $1`,
      [key],
    )

  test('makes one expert, and gives its repeats the same answer, whatever became of the expert', async () => {
    const client = withKey()
    const first = await client.send('POST', '/experts', draft('Once'))
    assert.equal(first.status, 202)
    await world.database.pool.query(`update experts set status = 'ready' where id = $1`, [first.body.id])
    for (const path of ['/experts', '/experts/']) {
      const repeat = await client.send('POST', path, draft('Once'))
      assert.deepEqual([repeat.status, repeat.body], [first.status, first.body])
      assert.equal(repeat.headers.location, first.headers.location)
    }
    assert.equal(
      (await api.send('POST', '/experts', draft('Once'))).body.name,
      'Once',
      'without a key it is another one',
    )
  })

  test('that comes with another body, or for another expert, is refused', async () => {
    const key = randomUUID()
    const { body: expert } = await withKey(key).send('POST', '/experts', draft('One'))
    const { body: other } = await api.send('POST', '/experts', draft('Two'))
    const changed = await withKey(key).send('POST', '/experts', draft('Three'))
    assert.deepEqual([changed.status, changed.body.code], [422, 'IDEMPOTENCY_KEY_REUSED'])

    const files = { file_ids: [file.id] }
    const added = await withKey(key).send('POST', `/experts/${expert.id}/files`, files)
    assert.equal(added.status, 202, 'each route has keys of its own')
    assert.deepEqual((await withKey(key).send('POST', `/experts/${expert.id}/files`, files)).body, added.body)
    const elsewhere = await withKey(key).send('POST', `/experts/${other.id}/files`, files)
    assert.deepEqual([elsewhere.status, elsewhere.body.code], [422, 'IDEMPOTENCY_KEY_REUSED'])
  })

  test('makes one expert of ten requests at once; those that come too early are told when to ask again', async () => {
    const client = withKey()
    const before = await count('experts')
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => client.send('POST', '/experts', draft('Ten times'))),
    )
    assert.equal(await count('experts'), before + 1)
    const { body } = await client.send('POST', '/experts', draft('Ten times'))
    for (const answer of answers)
      if (answer.status === 202) assert.deepEqual(answer.body, body)
      else {
        assert.deepEqual([answer.status, answer.body.code], [409, 'REQUEST_UNDER_WAY'])
        assert.ok(Number(answer.headers['retry-after']) > 0)
      }
    assert.ok(answers.some(({ status }) => status === 202))
  })

  test("may have another user's key", async () => {
    const { body: made } = await api.send('POST', '/keys', { name: 'other', user_id: OTHER_USER })
    const key = randomUUID()
    const mine = await withKey(key).sendFile('POST', '/knowledge-base/upload', 'a.txt', 'mine')
    const other = new Requests(world.app, { authorization: `Bearer ${made.key}`, 'idempotency-key': key })
    const theirs = await other.sendFile('POST', '/knowledge-base/upload', 'b.txt', 'theirs')
    assert.deepEqual([mine.status, theirs.status], [201, 201])
    assert.notEqual(mine.body.id, theirs.body.id)
  })

  test('stores a file once', async () => {
    const client = withKey()
    const upload = (name: string, content: string) => client.sendFile('POST', '/knowledge-base/upload', name, content)
    const first = await upload('report.txt', 'Twice the same.')
    const [rows, kept] = [await count('files'), await objects()]
    const repeat = await upload('report.txt', 'Twice the same.')
    assert.deepEqual([repeat.status, repeat.body], [201, first.body])
    for (const [name, content] of [
      ['report.txt', 'Twice the Same.'],
      ['other.txt', 'Twice the same.'],
    ] as const) {
      const { status, body } = await upload(name, content)
      assert.deepEqual([status, body.code], [422, 'IDEMPOTENCY_KEY_REUSED'])
    }
    assert.equal((await upload('report.txt', 'x'.repeat(1_000_001))).status, 413)
    assert.deepEqual([await count('files'), await objects()], [rows, kept])
  })

  test('stores a file once that comes twice at the same time', async () => {
    const client = withKey()
    const before = await count('files')
    const upload = () => client.sendFile('POST', '/knowledge-base/upload', 'twin.txt', 'twin')
    const statuses = (await Promise.all([upload(), upload(), upload()])).map(({ status }) => status)
    assert.ok(statuses.includes(201) && statuses.every((status) => status === 201 || status === 409), statuses.join())
    assert.equal(await count('files'), before + 1)
  })

  test('finds what was made by one that died before it answered', async () => {
    const key = randomUUID()
    const upload = (content: string) => withKey(key).sendFile('POST', '/knowledge-base/upload', 'r.txt', content)
    const first = await upload('resumed')
    await forgetAnswer(key, 'null')
    const [rows, kept] = [await count('files'), await objects()]
    assert.equal((await upload('another')).body.code, 'IDEMPOTENCY_KEY_REUSED')
    const repeat = await upload('resumed')
    assert.deepEqual([repeat.status, repeat.body, repeat.headers.location], [201, first.body, first.headers.location])
    assert.deepEqual([await count('files'), await objects()], [rows, kept])

    const made = await withKey(key).send('POST', '/experts', draft('Resumed'))
    const run = world.client.workflow.getHandle(String(made.body.workflow_id))
    await run.terminate()
    await forgetAnswer(key)
    const experts = await count('experts')
    const again = await withKey(key).send('POST', '/experts', draft('Resumed'))
    assert.deepEqual([again.status, again.body.id], [202, made.body.id])
    assert.equal(await count('experts'), experts)
    assert.equal((await run.describe()).status.name, 'RUNNING', 'its run is started, if it was not')
  })

  test('takes up what one that died had only begun', async () => {
    const key = randomUUID()
    await withKey(key).sendFile('POST', '/knowledge-base/upload', 'begun.txt', 'begun')
    await forgetAnswer(key, 'null')
    const { rows } = await world.database.pool.query(
      'delete from files using idempotency_keys k where k.key = $1 and k.resource_id = files.id returning files.id',
      [key],
    )
    const { status, body } = await withKey(key).sendFile('POST', '/knowledge-base/upload', 'begun.txt', 'begun')
    assert.deepEqual([status, body.id], [201, rows[0].id])
  })

  test('is refused while another one has it, and not once that has gone silent', async () => {
    const key = randomUUID()
    await withKey(key).send('POST', '/experts', draft('Held'))
    await forgetAnswer(key)
    await world.database.pool.query(
      `update idempotency_keys set held_until = now() + interval '1 hour' where key = $1`,
      [key],
    )
    assert.equal((await withKey(key).send('POST', '/experts', draft('Held'))).body.code, 'REQUEST_UNDER_WAY')
    assert.equal((await withKey(key).send('POST', '/experts', draft('Else'))).body.code, 'IDEMPOTENCY_KEY_REUSED')
    await forgetAnswer(key)
    assert.equal((await withKey(key).send('POST', '/experts', draft('Held'))).status, 202)
  })

  test('that was refused leaves its key free', async () => {
    const client = withKey()
    const missing = { ...draft('Corrected'), selected_files: [randomUUID()] }
    assert.equal((await client.send('POST', '/experts', missing)).status, 422)
    assert.equal((await client.send('POST', '/experts', draft('Corrected'))).status, 202)
    const uploader = withKey()
    assert.equal((await uploader.send('POST', '/knowledge-base/upload', {})).status, 400)
    assert.equal((await uploader.sendFile('POST', '/knowledge-base/upload', 'a.txt', 'a')).status, 201)
  })

  test('leaves its key free where its client has left before the body was read', async () => {
    const key = randomUUID()
    const before = await count('files')
    const address = await world.app.listen({ host: '127.0.0.1', port: 0 })
    const connections = promisify(world.app.server.getConnections.bind(world.app.server))
    const locked = await world.database.pool.connect()
    await locked.query('begin; lock table idempotency_keys in access exclusive mode')
    try {
      const client = await RawConnection.open(address)
      client.send(
        `POST /knowledge-base/upload HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nIdempotency-Key: ${key}\r\n` +
          'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\n',
      )
      await eventually(async () => {
        const { rows } = await locked.query(
          `select from pg_locks where not granted and relation = 'idempotency_keys'::regclass
             and database = (select oid from pg_database where datname = current_database())`,
        )
        assert.equal(rows.length, 1)
      })
      client.close()
      await eventually(async () => assert.equal(await connections(), 0))
    } finally {
      await locked.query('rollback')
      locked.release()
    }
    await eventually(async () => {
      const { rows } = await world.database.pool.query('select from idempotency_keys where key = $1', [key])
      assert.equal(rows.length, 0)
    })
    assert.equal(await count('files'), before)
  })

  test('is remembered for a day', async () => {
    const key = randomUUID()
    const { body: first } = await withKey(key).send('POST', '/experts', draft('Daily'))
    const age = (hours: number) =>
      world.database.pool.query(
        `update idempotency_keys set created_at = now() - $2 * interval '1 minute' where key = $1`,
        [key, hours * 60],
      )
    await age(23.9)
    assert.equal((await withKey(key).send('POST', '/experts', draft('Daily'))).body.id, first.id)
    await age(24.1)
    await withKey().send('POST', '/experts', draft('Somebody else'))
    const { rows } = await world.database.pool.query('select from idempotency_keys where key = $1', [key])
    assert.equal(rows.length, 0, 'the next request removes it, whoever sends it')
    assert.notEqual((await withKey(key).send('POST', '/experts', draft('Daily'))).body.id, first.id)
  })

  test('makes one API key, and does not write it down to say it again', async () => {
    const client = withKey()
    const before = await count('api_keys')
    const { status, body } = await client.send('POST', '/keys', { name: 'once' })
    assert.equal(status, 201)
    for (let i = 0; i < 2; i++) {
      const repeat = await client.send('POST', '/keys', { name: 'once' })
      assert.deepEqual([repeat.status, repeat.body.code, repeat.body.id], [409, 'API_KEY_ALREADY_MADE', body.id])
    }
    assert.equal((await client.send('POST', '/keys', { name: 'twice' })).body.code, 'IDEMPOTENCY_KEY_REUSED')
    assert.equal(await count('api_keys'), before + 1)
    const { rows } = await world.database.pool.query('select k::text as row from idempotency_keys k')
    assert.ok(rows.length > 0 && rows.every(({ row }) => !row.includes(String(body.key))))
  })

  test('makes one API key also where the first one died', async () => {
    const key = randomUUID()
    const { body } = await withKey(key).send('POST', '/keys', { name: 'died' })
    await forgetAnswer(key)
    const before = await count('api_keys')
    const repeat = await withKey(key).send('POST', '/keys', { name: 'died' })
    assert.deepEqual([repeat.status, repeat.body.id], [409, body.id])
    assert.equal(await count('api_keys'), before)
  })

  test('needs a key that can be one', async () => {
    for (const key of ['', 'with space', 'x'.repeat(256)]) {
      const { status, body } = await withKey(key).send('POST', '/experts', draft('No'))
      assert.deepEqual([status, body.code], [400, 'VALIDATION_FAILED'], key)
    }
  })

  test('is described in the OpenAPI document, on every route that makes something', async () => {
    const { body } = await api.send('GET', '/openapi.json')
    const paths = body.paths as Record<string, Record<string, { parameters?: { name: string }[] }>>
    const taking = Object.entries(paths).filter(([, { post }]) =>
      post?.parameters?.some(({ name }) => name === 'idempotency-key'),
    )
    assert.deepEqual(taking.map(([path]) => path).toSorted(), [
      '/experts',
      '/experts/{id}/callback-secret',
      '/experts/{id}/files',
      '/experts/{id}/reindex',
      '/keys',
      '/knowledge-base/upload',
      '/knowledge-base/uploads',
    ])
  })
})

test('a file that could not be stored is answered alike when it comes again', async () => {
  const world = await startWorld({ workers: false, objects: { kind: 'unconfigured', missing: ['S3_BUCKET_NAME'] } })
  try {
    const key = randomUUID()
    const upload = (content: string) =>
      new Requests(world.app, { 'idempotency-key': key }).sendFile('POST', '/knowledge-base/upload', 'a.txt', content)
    const first = await upload('not kept')
    assert.equal(first.status, 202)
    const repeat = await upload('not kept')
    assert.deepEqual([repeat.status, repeat.body], [202, first.body])
    assert.equal((await upload('something else')).body.code, 'IDEMPOTENCY_KEY_REUSED')
    await world.database.pool.query('update idempotency_keys set status = null, fingerprint = null, held_until = now()')
    const resumed = await upload('not kept')
    assert.deepEqual([resumed.status, resumed.body.id], [202, first.body.id])
    assert.match(String(resumed.body.warning), /PUT/)
  } finally {
    await world.close()
  }
})
