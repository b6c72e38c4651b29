import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { MockActivityEnvironment } from '@temporalio/testing'
import { abortUploads } from '../../activities/housekeeping/abort-uploads.ts'
import { removeObjects } from '../../activities/housekeeping/remove-objects.ts'
import { PostgresDirectUploadStore } from '../../adapters/postgres-direct-upload-store.ts'
import { PostgresFileStore } from '../../adapters/postgres-file-store.ts'
import { PostgresHousekeepingStore } from '../../adapters/postgres-housekeeping-store.ts'
import { S3DirectUploads } from '../../adapters/s3-direct-uploads.ts'
import { abortUpload, completeUpload } from '../../api/complete-upload.ts'
import type { DirectUploadJson } from '../../api/direct-upload-schemas.ts'
import { LOCAL_USER_ID } from '../../api/principal.ts'
import type { S3Config } from '../../config.ts'
import type { ChoreOutcome } from '../../domain/housekeeping.ts'
import { originalKey } from '../../domain/keys.ts'
import { beginUpload, sendPart, sendParts, sha256Of } from '../support/direct-upload.ts'
import { ownBucket, s3Client } from '../support/own-bucket.ts'
import { RawConnection } from '../support/raw-connection.ts'
import { Requests } from '../support/requests.ts'
import { S3Proxy } from '../support/s3-proxy.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const ADMIN_KEY = 'a-key-of-the-configuration-of-40-letters'
const MEGABYTE = 1_048_576
const SMALL = Buffer.from('The lightship was lost in the storm of 1884.')
/** Three parts. */
const LARGE = Buffer.alloc(40 * MEGABYTE, 'The tide takes a part. ')
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

describe('a direct upload', () => {
  let world: World
  let api: Requests
  let s3: S3Config
  before(async () => {
    const objects = await ownBucket()
    s3 = objects
    world = await startWorld({ workers: false, objects, adminKey: ADMIN_KEY, maxUploadBytes: 41 * MEGABYTE })
    api = new Requests(world.app, bearer(ADMIN_KEY))
  })
  after(() => world.close())

  const post = (id: string, what: 'complete' | 'abort') => api.send('POST', `/knowledge-base/uploads/${id}/${what}`)
  const get = async (id: string) => (await api.send('GET', `/knowledge-base/uploads/${id}`)).body as DirectUploadJson

  async function rowOf(id: string): Promise<{ s3_key: string; store_id: string }> {
    const { rows } = await world.database.pool.query('select s3_key, store_id from direct_uploads where id = $1', [id])
    return rows[0]
  }
  async function multipartOf(id: string) {
    const { s3_key: Key, store_id: UploadId } = await rowOf(id)
    return { Bucket: s3.bucket, Key, UploadId }
  }
  async function assertNothingLeft(id: string): Promise<void> {
    const { s3_key } = await rowOf(id)
    assert.equal(await world.objects.size(s3_key), undefined)
    assert.deepEqual(await Array.fromAsync(world.objects.unfinishedUploads(s3_key)), [])
    assert.equal((await api.send('GET', `/knowledge-base/files/${id}`)).status, 404)
  }
  const keepHouse = (chore: typeof abortUploads | typeof removeObjects, graceMs: number): Promise<ChoreOutcome> => {
    const housekeeping = new PostgresHousekeepingStore(world.database.pool)
    const activity = chore({ objects: world.objects, housekeeping, housekeepingGraceMs: graceMs })
    return new MockActivityEnvironment().run(() => activity({ dryRun: false }))
  }

  test('of a small file is one PUT, makes a file as any other upload does, and takes nothing after that', async () => {
    const upload = await beginUpload(api, SMALL, { original_name: '../../notes\u202E.txt', type: 'Text/Plain; x=y' })
    assert.deepEqual([upload.status, upload.part_count, upload.parts.items.length], ['open', 1, 1])
    await sendParts(upload, SMALL)
    const { status, headers, body } = await post(upload.id, 'complete')
    assert.equal(status, 201, JSON.stringify(body))
    assert.equal(headers.location, `/knowledge-base/files/${upload.id}`)
    const other = await api.upload('notes.txt', SMALL)
    assert.deepEqual(Object.keys(body).toSorted(), Object.keys(other).toSorted())
    assert.deepEqual(
      [body.original_name, body.name, body.size, body.type, body.sha256, body.processing_status],
      ['notes.txt', 'notes.txt', SMALL.length, 'text/plain', other.sha256, 'uploaded'],
    )
    assert.match(String(body.s3_key), new RegExp(`^uploads/${body.user_id}/${upload.id}/[0-9a-f-]{36}$`))
    const content = await world.app.inject({
      url: `/knowledge-base/files/${upload.id}/content`,
      headers: bearer(ADMIN_KEY),
    })
    assert.deepEqual(content.rawPayload, SMALL)
    const done = await get(upload.id)
    assert.deepEqual(
      [done.status, done.file_id, done.received_bytes, done.parts.items.length],
      ['completed', upload.id, SMALL.length, 0],
    )
    const [part] = upload.parts.items
    assert.deepEqual(part && (await sendPart(part, SMALL)), { status: 404, code: 'NoSuchUpload' })
    assert.equal((await post(upload.id, 'abort')).body.code, 'UPLOAD_COMPLETED')
  })

  test('of a large file goes on where it was cut off, and is completed once', async () => {
    const { id, parts } = await beginUpload(api, LARGE)
    const [first] = parts.items
    assert.ok(first && parts.items.length === 3)
    assert.equal((await sendPart(first, LARGE)).status, 200)

    const early = await post(id, 'complete')
    assert.deepEqual([early.status, early.body.code, early.body.missing_parts], [409, 'UPLOAD_INCOMPLETE', [2, 3]])
    const resumed = await get(id)
    assert.deepEqual([resumed.received_parts, resumed.received_bytes], [1, 16 * MEGABYTE])
    const page = await api.send('GET', `/knowledge-base/uploads/${id}/parts?limit=1`)
    const rest = await api.send('GET', `/knowledge-base/uploads/${id}/parts?cursor=${page.body.next_cursor}`)
    const numbers = [page, rest].map(({ body }) =>
      (body.items as { part_number: number }[]).map((each) => each.part_number),
    )
    assert.deepEqual(numbers, [[2], [3]])
    await sendParts(resumed, LARGE)

    const other = { userId: LOCAL_USER_ID, id, holder: randomUUID() }
    assert.ok(await world.uploads.hold(other, 60_000))
    for (const what of ['complete', 'abort'] as const) {
      const { status, headers, body } = await post(id, what)
      assert.deepEqual([status, body.code, headers['retry-after']], [409, 'UPLOAD_BUSY', '2'])
    }
    await world.uploads.letGo(other)

    const answers = await Promise.all([post(id, 'complete'), post(id, 'complete')])
    const [made] = answers.filter(({ status }) => status === 201)
    assert.ok(made, JSON.stringify(answers))
    for (const { status, body } of answers) assert.ok(status === 201 || body.code === 'UPLOAD_BUSY')
    assert.deepEqual((await post(id, 'complete')).body, made.body)
    assert.deepEqual([made.body.size, made.body.sha256], [LARGE.length, sha256Of(LARGE)])
    const { rows } = await world.database.pool.query('select from files where id = $1', [id])
    assert.equal(rows.length, 1)
    assert.equal((await api.send('DELETE', `/knowledge-base/files/${id}`)).status, 204)
    assert.deepEqual((await post(id, 'complete')).body.code, 'FILE_NOT_FOUND')
  })

  test('is refused where its checksum is another, and nothing of it is kept', async () => {
    const wrong = Buffer.from(LARGE)
    wrong[30 * MEGABYTE] = 0
    const upload = await beginUpload(api, LARGE)
    await sendParts(upload, wrong)
    for (const _ of ['first', 'again']) {
      const { status, body } = await post(upload.id, 'complete')
      assert.deepEqual([status, body.code], [422, 'UPLOAD_MISMATCH'])
      assert.match(String(body.detail), new RegExp(`Expected SHA-256 ${sha256Of(LARGE)}, found ${sha256Of(wrong)}`))
      assert.deepEqual(body.expected, { size: LARGE.length, sha256: sha256Of(LARGE) })
      assert.deepEqual(body.found, { size: LARGE.length, sha256: sha256Of(wrong) })
    }
    assert.equal((await get(upload.id)).status, 'refused')
    await assertNothingLeft(upload.id)
  })

  test('is refused where a store took a part of another length, and nothing of it is kept', async () => {
    const upload = await beginUpload(api, LARGE)
    await sendParts(upload, LARGE)
    // With credentials of its own, so that nothing holds it to the length that was signed.
    const [Body, client] = [LARGE.subarray(0, 20 * MEGABYTE), s3Client(s3)]
    await client.send(new UploadPartCommand({ ...(await multipartOf(upload.id)), PartNumber: 1, Body }))
    client.destroy()
    const { status, body } = await post(upload.id, 'complete')
    assert.deepEqual([status, body.code, body.found], [422, 'UPLOAD_MISMATCH', { size: 44 * MEGABYTE, sha256: null }])
    assert.match(String(body.detail), /Expected 41943040 bytes, found 46137344\./)
    await assertNothingLeft(upload.id)
  })

  test('is held by the store itself to the length of each part, and to the checksum of a single one', async () => {
    const [part] = (await beginUpload(api, SMALL)).parts.items
    assert.ok(part)
    const bytes = Buffer.alloc(SMALL.length + 1, 'x')
    assert.deepEqual(await sendPart(part, bytes), { status: 400, code: 'BadDigest' })
    const { 'content-length': _, ...headers } = part.headers
    const longer = { ...part, size: bytes.length, headers }
    assert.deepEqual(await sendPart(longer, bytes), { status: 403, code: 'SignatureDoesNotMatch' })
    const another = { ...part, url: part.url.replace('partNumber=1', 'partNumber=2') }
    assert.deepEqual(await sendPart(another, SMALL), { status: 403, code: 'SignatureDoesNotMatch' })
    assert.equal((await sendPart(part, SMALL)).status, 200)
  })

  test('can be aborted, also twice, and takes nothing after that', async () => {
    const upload = await beginUpload(api, SMALL)
    await sendParts(upload, SMALL)
    for (const _ of ['first', 'again']) assert.equal((await post(upload.id, 'abort')).status, 204)
    await assertNothingLeft(upload.id)
    const { status, body } = await post(upload.id, 'complete')
    assert.deepEqual([status, body.code], [410, 'UPLOAD_ENDED'])
    const [part] = upload.parts.items
    assert.deepEqual(part && (await sendPart(part, SMALL)), { status: 404, code: 'NoSuchUpload' })
    assert.deepEqual([(await get(upload.id)).status, (await get(upload.id)).parts.items], ['aborted', []])
  })

  test('is completed where the API died between the object and the row', async () => {
    const upload = await beginUpload(api, LARGE)
    await sendParts(upload, LARGE)
    const [client, multipart] = [s3Client(s3), await multipartOf(upload.id)]
    const { Parts } = await client.send(new ListPartsCommand(multipart))
    await client.send(new CompleteMultipartUploadCommand({ ...multipart, MultipartUpload: { Parts } }))
    client.destroy()
    assert.equal((await post(upload.id, 'complete')).body.sha256, sha256Of(LARGE))
  })

  test("is another user's for nobody but that one, by every route that there is", async () => {
    const { body } = await api.send('POST', '/keys', { name: 'other', user_id: randomUUID() })
    const other = new Requests(world.app, bearer(String(body.key)))
    const upload = await beginUpload(api, SMALL)
    await sendParts(upload, SMALL)
    const { paths } = (await api.send('GET', '/openapi.json')).body as { paths: Record<string, object> }
    const routes = Object.entries(paths).filter(([path]) => path.startsWith('/knowledge-base/uploads/{id}'))
    assert.deepEqual(routes.length, 4)
    for (const [path, methods] of routes)
      for (const method of Object.keys(methods)) {
        const { status, body } = await other.send(method.toUpperCase() as 'GET', path.replace('{id}', upload.id))
        assert.deepEqual([status, body.code], [404, 'UPLOAD_NOT_FOUND'], `${method} ${path}`)
      }
    assert.equal((await post(upload.id, 'complete')).status, 201)
  })

  test('that is begun again with its Idempotency-Key is the same one, and what is signed is written down nowhere', async () => {
    const keyed = new Requests(world.app, { ...bearer(ADMIN_KEY), 'idempotency-key': randomUUID() })
    const [first, again] = [await beginUpload(keyed, SMALL), await beginUpload(keyed, SMALL)]
    assert.equal(again.id, first.id)
    await sendParts(again, SMALL)
    const file = { original_name: 'other.bin', size: 1, sha256: sha256Of(SMALL) }
    assert.equal((await keyed.send('POST', '/knowledge-base/uploads', file)).body.code, 'IDEMPOTENCY_KEY_REUSED')
    for (const table of ['idempotency_keys', 'direct_uploads']) {
      const { rows } = await world.database.pool.query(`select t::text as row from ${table} t`)
      assert.ok(rows.length > 0 && rows.every(({ row }) => !/X-Amz-/i.test(row)), table)
    }
  })

  test('of more than is taken, or of nothing, is refused before anything begins', async () => {
    const file = { original_name: 'a.bin', sha256: sha256Of(SMALL) }
    const large = await api.send('POST', '/knowledge-base/uploads', { ...file, size: 41 * MEGABYTE + 1 })
    assert.deepEqual([large.status, large.body.code, large.body.limit_bytes], [413, 'UPLOAD_TOO_LARGE', 41 * MEGABYTE])
    for (const wrong of [{ size: 0 }, { size: 1, sha256: 'abc' }, { size: '7' }, { size: 1.5 }])
      assert.equal((await api.send('POST', '/knowledge-base/uploads', { ...file, ...wrong })).status, 400)
  })

  test('is left alone by housekeeping while its time lasts, and swept after that', async () => {
    const [open, over] = [await beginUpload(api, SMALL), await beginUpload(api, SMALL)]
    const assembled = await beginUpload(api, SMALL)
    const unknown = originalKey(randomUUID(), randomUUID(), randomUUID())
    await world.objects.upload(unknown, SMALL)
    for (const upload of [open, over, assembled]) await sendParts(upload, SMALL)
    const [client, multipart] = [s3Client(s3), await multipartOf(assembled.id)]
    const { Parts } = await client.send(new ListPartsCommand(multipart))
    await client.send(new CompleteMultipartUploadCommand({ ...multipart, MultipartUpload: { Parts } }))
    client.destroy()
    const expire = (id: string, ago: string) =>
      world.database.pool.query(`update direct_uploads set expires_at = now() - $2::interval where id = $1`, [id, ago])
    await expire(over.id, '1 second')

    assert.equal((await post(over.id, 'complete')).body.code, 'UPLOAD_ENDED')
    assert.deepEqual([(await get(over.id)).status, (await get(over.id)).parts.items], ['expired', []])
    // Without any grace, so that everything counts as old.
    const { s3_key } = await rowOf(over.id)
    const swept = await keepHouse(abortUploads, -1_000)
    assert.ok(swept.examples.includes(s3_key))
    assert.ok(!swept.examples.includes((await rowOf(open.id)).s3_key))
    assert.deepEqual((await keepHouse(removeObjects, -1_000)).examples, [unknown])
    for (const upload of [open, assembled]) assert.equal((await post(upload.id, 'complete')).status, 201)

    const [part] = over.parts.items
    assert.equal(part && (await sendPart(part, SMALL)).code, 'NoSuchUpload')
    await expire(over.id, '2 hours')
    await keepHouse(abortUploads, 3_600_000)
    assert.equal((await post(over.id, 'complete')).body.code, 'UPLOAD_NOT_FOUND')
    assert.equal((await get(open.id)).status, 'completed')
  })

  test('is listed while it is open, as long as its quota is set aside for it', async () => {
    const id = randomUUID()
    const { body: key } = await api.send('POST', '/keys', { name: 'lister', user_id: id })
    const user = new Requests(world.app, bearer(String(key.key)))
    const [first, second, third] = [
      await beginUpload(user, SMALL),
      await beginUpload(user, LARGE, { original_name: 'tide.bin' }),
      await beginUpload(user, SMALL),
    ]
    await user.send('POST', `/knowledge-base/uploads/${third.id}/abort`)
    const page = await user.send('GET', '/knowledge-base/uploads?limit=1')
    const rest = await user.send('GET', `/knowledge-base/uploads?cursor=${page.body.next_cursor}`)
    const { parts: _, received_parts, received_bytes, file_id, ...listed } = second
    assert.deepEqual([page.body.items, received_parts, received_bytes, file_id], [[listed], 0, 0, null])
    assert.deepEqual(
      (rest.body.items as DirectUploadJson[]).map((upload) => upload.id),
      [first.id],
    )
    assert.equal(rest.body.next_cursor, null)
    const { open_uploads, files } = (await user.send('GET', '/usage')).body
    assert.deepEqual(open_uploads, { files: 2, bytes: SMALL.length + LARGE.length })
    assert.deepEqual(files, { used: 0, limit: null })
  })

  test('is begun by no more requests at the same time than the quota has room for, and nothing is left of the others', async () => {
    const userId = randomUUID()
    const { body: key } = await api.send('POST', '/keys', { name: 'many', user_id: userId })
    await api.send('PUT', `/users/${userId}/quota`, { files: 2 })
    const user = new Requests(world.app, bearer(String(key.key)))
    const file = { original_name: 'a.txt', size: SMALL.length, sha256: sha256Of(SMALL) }
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => user.send('POST', '/knowledge-base/uploads', file)),
    )
    const refused = answers.filter(({ status }) => status !== 201)
    assert.equal(refused.length, 8)
    for (const { status, body } of refused) assert.deepEqual([status, body.code], [403, 'QUOTA_EXCEEDED'])
    assert.equal((await Array.fromAsync(world.objects.unfinishedUploads(`uploads/${userId}/`))).length, 2)
  })

  test('has its room kept from ordinary uploads, and takes it when it is completed', async () => {
    const userId = randomUUID()
    const { body: key } = await api.send('POST', '/keys', { name: 'both', user_id: userId })
    await api.send('PUT', `/users/${userId}/quota`, { files: 3, bytes: SMALL.length + 1_000 })
    const user = new Requests(world.app, bearer(String(key.key)))
    const upload = await beginUpload(user, SMALL)
    await sendParts(upload, SMALL)
    const add = (bytes: number) => user.sendFile('POST', '/knowledge-base/upload', 'a.txt', 'x'.repeat(bytes))
    const refused = await add(1_001)
    const { code, quota, used } = refused.body
    assert.deepEqual([refused.status, code, quota, used], [403, 'QUOTA_EXCEEDED', 'bytes', SMALL.length])
    const { status, body: file } = await add(900)
    assert.equal(status, 201)
    const replace = (bytes: number) =>
      user.sendFile('PUT', `/knowledge-base/files/${file.id}/content`, 'a.txt', 'y'.repeat(bytes))
    assert.deepEqual([(await replace(1_001)).status, (await replace(1_000)).status], [403, 200])
    assert.equal((await user.send('POST', `/knowledge-base/uploads/${upload.id}/complete`)).status, 201)

    await api.send('PUT', `/users/${userId}/quota`, { files: 10 })
    const small = { original_name: 'a.txt', size: 1, sha256: sha256Of(SMALL) }
    const begin = () => user.send('POST', '/knowledge-base/uploads', small)
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 ? begin() : add(1))))
    assert.equal(answers.filter(({ status }) => status === 201).length, 8, 'however they race')
  })

  test('is looked for by its user where there is a quota, and not at all where there is none', async () => {
    const asked: string[] = []
    const pool = new Proxy(world.database.pool, {
      get: (target, name) =>
        name === 'query'
          ? (sql: string, values: unknown[]) => {
              asked.push(sql)
              return target.query(sql, values)
            }
          : Reflect.get(target, name),
    })
    await new PostgresDirectUploadStore(pool).checkRoom(randomUUID(), 1)
    assert.ok(asked.length > 0 && !asked.some((sql) => sql.includes('direct_uploads')), asked.join('\n'))
    await new PostgresDirectUploadStore(pool, { files: 1 }).checkRoom(randomUUID(), 1)
    const sql = asked.find((each) => each.includes('direct_uploads'))
    const plan = await planOf(String(sql), [randomUUID()])
    assert.match(plan, /open_direct_uploads/)
  })

  /** Of a table that is large enough to need an index. */
  async function planOf(sql: string, values: unknown[]): Promise<string> {
    const client = await world.database.pool.connect()
    try {
      await client.query('begin')
      await client.query('set local enable_seqscan = off')
      const { rows } = await client.query(`explain ${sql}`, values)
      return rows.map((row) => row['QUERY PLAN']).join('\n')
    } finally {
      await client.query('rollback')
      client.release()
    }
  }

  test('stays as it is where the request that aborts or refuses it has lost it to another', async () => {
    class Losing extends PostgresDirectUploadStore {
      override async hold(...hold: Parameters<PostgresDirectUploadStore['hold']>): Promise<boolean> {
        const isHeld = await super.hold(...hold)
        const lose = `update direct_uploads set holder = gen_random_uuid(), held_until = '-infinity' where id = $1`
        await world.database.pool.query(lose, [hold[0].id])
        return isHeld
      }
    }
    const uploads = new Losing(world.database.pool)
    const upload = await beginUpload(api, SMALL)
    await sendParts(upload, SMALL)
    await assert.rejects(abortUpload({ ...world, uploads }, LOCAL_USER_ID, upload.id), { code: 'UPLOAD_BUSY' })
    assert.equal((await post(upload.id, 'complete')).status, 201)

    const wrong = await beginUpload(api, SMALL, { sha256: sha256Of(LARGE), size: LARGE.length })
    const [Body, client] = [SMALL, s3Client(s3)]
    for (const PartNumber of [1, 2, 3])
      await client.send(new UploadPartCommand({ ...(await multipartOf(wrong.id)), PartNumber, Body }))
    client.destroy()
    const parts = {
      ...world,
      uploads,
      directUploads: new S3DirectUploads(s3),
      publicUrl: '',
      files: new PostgresFileStore(world.database.pool),
    }
    await assert.rejects(completeUpload(parts, LOCAL_USER_ID, wrong.id), { code: 'UPLOAD_BUSY' })
    assert.equal((await get(wrong.id)).received_parts, 3)
    assert.equal((await post(wrong.id, 'complete')).body.code, 'UPLOAD_MISMATCH')
    assert.equal((await get(wrong.id)).status, 'refused')
  })

  test('whose parts the store threw away has ended; one whose parts were put together has all of them', async () => {
    const [lost, whole] = [await beginUpload(api, SMALL), await beginUpload(api, SMALL)]
    await sendParts(whole, SMALL)
    const client = s3Client(s3)
    await client.send(new AbortMultipartUploadCommand(await multipartOf(lost.id)))
    const multipart = await multipartOf(whole.id)
    const { Parts } = await client.send(new ListPartsCommand(multipart))
    await client.send(new CompleteMultipartUploadCommand({ ...multipart, MultipartUpload: { Parts } }))
    client.destroy()
    const { status, received_bytes, received_parts, parts } = await get(whole.id)
    assert.deepEqual([status, received_bytes, received_parts, parts.items], ['open', SMALL.length, 1, []])
    assert.deepEqual([(await get(lost.id)).status, (await get(lost.id)).received_bytes], ['aborted', 0])
    assert.equal((await post(lost.id, 'complete')).body.code, 'UPLOAD_ENDED')
    assert.equal((await post(whole.id, 'complete')).status, 201)
  })

  test('counts against the quota while it is open, and is completed once the quota has room for it', async () => {
    const usage = await api.send('GET', '/usage')
    const { used } = usage.body.files as { used: number }
    const allow = (files: number | null) => api.send('PUT', `/users/${LOCAL_USER_ID}/quota`, { files })
    await world.database.pool.query(`update direct_uploads set expires_at = now() where status = 'open'`)
    await allow(used + 1)
    const upload = await beginUpload(api, SMALL)
    const another = { original_name: 'b.txt', size: 1, sha256: sha256Of(SMALL) }
    const refused = await api.send('POST', '/knowledge-base/uploads', another)
    assert.deepEqual([refused.status, refused.body.code], [403, 'QUOTA_EXCEEDED'])
    await sendParts(upload, SMALL)
    await allow(used)
    const full = await post(upload.id, 'complete')
    assert.deepEqual([full.status, full.body.code], [403, 'QUOTA_EXCEEDED'])
    assert.match(String(full.body.detail), new RegExp(`What was sent is kept until ${upload.expires_at}: complete it`))
    assert.equal((await get(upload.id)).received_bytes, SMALL.length, 'it was not put together in vain')
    assert.equal((await get(upload.id)).parts.items.length, 0)
    assert.equal((await Array.fromAsync(world.objects.unfinishedUploads((await rowOf(upload.id)).s3_key))).length, 1)
    await allow(null)
    assert.equal((await post(upload.id, 'complete')).status, 201)
  })
})

test('a direct upload that takes longer to be checked than a connection may be silent is answered all the same', async () => {
  const objects = await ownBucket()
  const s3 = new S3Proxy(objects.endpoint ?? '')
  const endpoint = await s3.listen()
  const world = await startWorld({ workers: false, objects: { ...objects, endpoint }, idleTimeoutMs: 200 })
  try {
    await world.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = world.app.server.address() as AddressInfo
    // Two parts, so that it has to be read.
    const content = LARGE.subarray(0, 17 * MEGABYTE)
    const upload = await beginUpload(new Requests(world.app), content)
    await sendParts(upload, content)
    const gate = s3.hold(({ method }) => method === 'GET')
    const url = `http://127.0.0.1:${port}/knowledge-base/uploads/${upload.id}/complete`
    const completing = fetch(url, { method: 'POST' })
    await gate.arrival
    // Another connection that is as silent was cut off meanwhile.
    const silent = await RawConnection.open(url)
    await silent.untilClosed()
    gate.open()
    assert.equal((await completing).status, 201)
  } finally {
    await world.close()
    await s3.close()
  }
})

test('where clients cannot reach the object store, a direct upload is refused with what to do instead', async () => {
  const world = await startWorld({ workers: false })
  try {
    const file = { original_name: 'a.bin', size: 1, sha256: sha256Of(SMALL) }
    const { status, body } = await new Requests(world.app).send('POST', '/knowledge-base/uploads', file)
    assert.deepEqual([status, body.code], [409, 'DIRECT_UPLOADS_UNAVAILABLE'])
    assert.match(String(body.detail), /POST \/knowledge-base\/upload\./)
  } finally {
    await world.close()
  }
})
