import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { after, before, describe, test } from 'node:test'
import { PublicCallbackAddresses } from '../../adapters/callback-addresses.ts'
import { PostgresCallbackStore } from '../../adapters/postgres-callback-store.ts'
import { PostgresExpertStore } from '../../adapters/postgres-expert-store.ts'
import { PostgresFileStore } from '../../adapters/postgres-file-store.ts'
import { PostgresIdempotencyStore } from '../../adapters/postgres-idempotency-store.ts'
import { PostgresProgressStore } from '../../adapters/postgres-progress-store.ts'
import { createApp } from '../../api/app.ts'
import { ExpertRuns } from '../../api/expert-runs.ts'
import { DatabaseUnavailable } from '../../domain/database-unavailable.ts'
import type { FileStore } from '../../domain/ports.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { metricsOf, protection, startWorld } from '../support/world.ts'

const MISSING = '00000000-0000-4000-8000-00000000dead'

describe('knowledge base files', () => {
  let world: World
  let api: Requests

  before(async () => {
    world = await startWorld({ workers: false, maxUploadBytes: 1_000_000 })
    api = new Requests(world.app)
  })
  after(() => world.close())

  test('keeps an upload byte by byte, with size and SHA-256, and only metadata in Postgres', async () => {
    const content = Buffer.from('Ein Text mit Umlauten: äöü')
    const file = await api.upload('Bericht über Ölstände.txt', content)

    assert.equal(file.original_name, 'Bericht über Ölstände.txt')
    assert.equal(file.name, 'Bericht_uber_Olstande.txt')
    assert.equal(file.size, content.length)
    assert.equal(file.sha256, createHash('sha256').update(content).digest('hex'))
    assert.equal(file.processing_status, 'uploaded')
    const download = await world.app.inject(`/knowledge-base/files/${file.id}/content`)
    assert.deepEqual(download.rawPayload, content)
    assert.match(
      String(download.headers['content-disposition']),
      /^attachment; filename=.*filename\*=UTF-8''Bericht%20%C3%BCber/,
    )
    assert.equal(download.headers['x-content-type-options'], 'nosniff')
    const { rows } = await world.database.pool.query('select * from files where id = $1', [file.id])
    assert.ok(!JSON.stringify(rows).includes('Umlauten'))
  })

  test('answers HEAD of a content as GET, but does not read it', async (t) => {
    const file = await api.upload('Große Karte.txt', 'A map of the harbour')
    const url = `/knowledge-base/files/${file.id}/content`
    const whole = await world.app.inject(url)
    const download = t.mock.method(world.objects, 'download')
    const head = await world.app.inject({ method: 'HEAD', url })
    assert.deepEqual([head.statusCode, head.payload, download.mock.callCount()], [200, '', 0])
    for (const name of ['content-length', 'content-type', 'content-disposition', 'x-content-type-options'])
      assert.equal(head.headers[name], whole.headers[name], name)
    await world.objects.delete(file.s3_key)
    assert.equal((await world.app.inject({ method: 'HEAD', url })).statusCode, 404)
  })

  test('answers with and without the slash at the end', async () => {
    for (const path of ['/knowledge-base/upload', '/knowledge-base/upload/']) {
      const { status } = await api.sendFile('POST', path, 'a.txt', 'a')
      assert.equal(status, 201, path)
    }
  })

  test('lists files newest first, in pages that miss and repeat nothing', async () => {
    for (let i = 0; i < 5; i++) await api.upload(`page-${i}.txt`, String(i))
    const names: string[] = []
    let cursor: string | null = null
    do {
      const query: string = cursor ? `&cursor=${cursor}` : ''
      const { body } = await api.send('GET', `/knowledge-base/files?limit=2${query}`)
      for (const { original_name } of body.items as { original_name: string }[]) names.push(original_name)
      cursor = body.next_cursor as string | null
    } while (cursor)
    assert.deepEqual(
      names.filter((name) => name.startsWith('page-')),
      [4, 3, 2, 1, 0].map((i) => `page-${i}.txt`),
    )
  })

  test('replaces content under a new key and deletes the old object', async () => {
    const file = await api.upload('draft.txt', 'old')
    const { status, body } = await api.sendFile(
      'PUT',
      `/knowledge-base/files/${file.id}/content`,
      'draft.txt',
      'new content',
    )
    assert.equal(status, 200)
    assert.notEqual(body.s3_key, file.s3_key)
    assert.equal(body.size, 11)
    assert.equal(await world.objects.size(file.s3_key), undefined)
    assert.equal((await world.app.inject(`/knowledge-base/files/${file.id}/content`)).payload, 'new content')
  })

  test('takes no new content for a file that is being deleted', async () => {
    const file = await api.upload('leaving.txt', 'on its way out')
    const objects = await storedFiles(world)
    await world.database.pool.query(`update files set processing_status = 'deleting' where id = $1`, [file.id])
    const { status, body } = await api.sendFile('PUT', `/knowledge-base/files/${file.id}/content`, 'a.txt', 'new')
    assert.deepEqual([status, body.code], [409, 'FILE_BEING_DELETED'])
    const { body: kept } = await api.send('GET', `/knowledge-base/files/${file.id}`)
    assert.deepEqual([kept.s3_key, kept.processing_status], [file.s3_key, 'deleting'])
    assert.equal(await storedFiles(world), objects)
  })

  test('deletes a file with its object', async () => {
    const file = await api.upload('short-lived.txt', 'soon gone')
    assert.equal((await api.send('DELETE', `/knowledge-base/files/${file.id}`)).status, 204)
    assert.equal((await api.send('GET', `/knowledge-base/files/${file.id}`)).status, 404)
    assert.equal(await world.objects.size(file.s3_key), undefined)
  })

  test('refuses a file over the limit with 413, names the limit and keeps nothing', async () => {
    const before = await count(world)
    const { status, headers, body } = await api.sendFile(
      'POST',
      '/knowledge-base/upload',
      'big.bin',
      Buffer.alloc(1_000_001),
    )
    assert.equal(status, 413)
    assert.match(String(headers['content-type']), /^application\/problem\+json/)
    assert.equal(body.code, 'UPLOAD_TOO_LARGE')
    assert.equal(body.limit_bytes, 1_000_000)
    assert.equal(await count(world), before)
    assert.equal(
      (await api.sendFile('POST', '/knowledge-base/upload', 'fits.bin', Buffer.alloc(1_000_000))).status,
      201,
    )
  })

  test('explains what is wrong with a request that holds no file', async () => {
    const json = await api.send('POST', '/knowledge-base/upload', { file: 'x' })
    assert.equal(json.status, 400)
    assert.equal(json.body.code, 'FILE_PART_MISSING')
    const noBoundary = await world.app.inject({
      method: 'POST',
      url: '/knowledge-base/upload',
      headers: { 'content-type': 'multipart/form-data' },
      payload: 'x',
    })
    assert.equal(noBoundary.statusCode, 400)
    assert.equal(noBoundary.json().code, 'FILE_PART_MISSING')
    const wrongPart = await api.sendFile('POST', '/knowledge-base/upload', 'a.txt', 'a', 'document')
    assert.equal(wrongPart.body.code, 'FILE_PART_MISSING')
    assert.match(String(wrongPart.body.detail), /"document"/)
  })

  test('shows only the last part of a name that is a path, without controls and bidi marks', async () => {
    const file = await api.upload('../../etc/\u202epass\u0007wd.txt', 'x')
    assert.equal(file.original_name, 'passwd.txt')
    assert.match(file.s3_key, /^uploads\/[0-9a-f-]+\/[0-9a-f-]+\/[0-9a-f-]+$/)
  })

  test('answers 404 and 400 as problems', async () => {
    const missing = await api.send('GET', `/knowledge-base/files/${MISSING}`)
    assert.equal(missing.status, 404)
    assert.equal(missing.body.code, 'FILE_NOT_FOUND')
    const invalid = await api.send('GET', '/knowledge-base/files/file-id-here')
    assert.equal(invalid.status, 400)
    assert.equal(invalid.body.code, 'VALIDATION_FAILED')
    const cursor = await api.send('GET', '/knowledge-base/files?cursor=nonsense')
    assert.equal(cursor.body.code, 'INVALID_CURSOR')
    assert.equal((await api.send('GET', '/nothing-here')).body.code, 'NOT_FOUND')
  })

  test('keeps neither row nor object of an upload whose client hangs up', async () => {
    await world.app.listen({ host: '127.0.0.1', port: 0 })
    const address = world.app.server.address()
    assert.ok(address !== null && typeof address === 'object')
    const rows = await count(world)
    const objects = await storedFiles(world)
    const socket = connect(address.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      'POST /knowledge-base/upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000\r\n\r\n' +
        '--b\r\nContent-Disposition: form-data; name="file"; filename="half.bin"\r\n\r\n',
    )
    socket.write(Buffer.alloc(200_000))
    await eventually(async () => assert.ok((await storedFiles(world)) > objects, 'the upload has begun'))
    socket.destroy()
    await eventually(async () => assert.equal(await storedFiles(world), objects))
    assert.equal(await count(world), rows)
  })
})

describe('an upload whose row is not written, as far as the API can tell', () => {
  let world: World
  before(async () => {
    world = await startWorld({ workers: false })
  })
  after(() => world.close())

  /** The API on such files, beside the world's. */
  async function requestsTo(t: TestContext, files: FileStore): Promise<Requests> {
    const { client, taskQueue } = world
    const runs = new ExpertRuns({ client, taskQueue, namespace: 'default', uiUrl: 'http://127.0.0.1:8233' })
    const experts = new PostgresExpertStore(world.database.pool)
    const idempotency = new PostgresIdempotencyStore(world.database.pool)
    const progress = new PostgresProgressStore(world.database.pool)
    const limits = { publicUrl: 'http://127.0.0.1:8000', maxUploadBytes: 1_000_000, uploadLifetimeMs: 3_600_000 }
    const app = await createApp({
      ...world,
      ...protection(world.database),
      ...limits,
      checks: [],
      directUploads: undefined,
      metrics: metricsOf(world),
      files,
      experts,
      runs,
      idempotency,
      progress,
      callbacks: new PostgresCallbackStore(world.database.pool),
      callbackAddresses: new PublicCallbackAddresses(),
    })
    t.after(() => app.close())
    return new Requests(app)
  }

  test('keeps its object where the connection broke, since the row may be there', async (t) => {
    class CutOff extends PostgresFileStore {
      override async replaceContent(...content: Parameters<PostgresFileStore['replaceContent']>): Promise<never> {
        await super.replaceContent(...content)
        throw new DatabaseUnavailable(new Error('Connection terminated unexpectedly'))
      }
    }
    const file = await new Requests(world.app).upload('a.txt', 'old')
    const api = await requestsTo(t, new CutOff(world.database.pool))
    const { status } = await api.sendFile('PUT', `/knowledge-base/files/${file.id}/content`, 'a.txt', 'new')
    assert.equal(status, 503)
    assert.equal((await world.app.inject(`/knowledge-base/files/${file.id}/content`)).payload, 'new')
  })

  test('leaves no object where the database refused the row', async () => {
    await world.database.pool.query(`alter table files add constraint guard check (original_name <> 'refused.txt')`)
    const objects = await storedFiles(world)
    const { status } = await new Requests(world.app).sendFile('POST', '/knowledge-base/upload', 'refused.txt', 'a')
    assert.equal(status, 500)
    assert.equal(await storedFiles(world), objects)
  })
})

async function count({ database }: World): Promise<number> {
  const { rows } = await database.pool.query('select count(*)::int as files from files')
  return rows[0].files
}

/** Files on the disk, half-written ones included. */
async function storedFiles({ dir }: World): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).length
}
