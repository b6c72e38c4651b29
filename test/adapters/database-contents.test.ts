import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { DatabaseContentObjectStore } from '../../adapters/database-content-object-store.ts'
import { DiskObjectStore } from '../../adapters/disk-object-store.ts'
import { PostgresDatabaseContents } from '../../adapters/postgres-database-contents.ts'
import type { DatabaseContent, MovedContent } from '../../domain/database-contents.ts'
import { databaseKey } from '../../domain/keys.ts'
import type { TestDatabase } from '../support/database.ts'
import type { LegacyFile } from '../support/legacy-files.ts'
import { legacyFile, sha256, takeOver } from '../support/legacy-files.ts'

describe('contents in the database', () => {
  const moved = legacyFile('moved.txt', 'to be moved')
  const changed = legacyFile('changed.txt', 'to be changed')
  const deleted = legacyFile('deleted.txt', 'to be deleted')
  const empty = legacyFile('empty.txt', '')
  let dir: string
  let database: TestDatabase
  let contents: PostgresDatabaseContents
  let objects: DatabaseContentObjectStore

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'expertsmith-contents-'))
    database = await takeOver([moved, changed, deleted, empty])
    contents = new PostgresDatabaseContents(database.pool)
    objects = new DatabaseContentObjectStore(new DiskObjectStore({ dir }), contents)
  })
  after(async () => {
    await database.close()
    await rm(dir, { recursive: true })
  })

  const release = async ({ id, content }: LegacyFile, change: Partial<DatabaseContent> = {}) => {
    const found = await contents.find(id)
    assert.ok(found)
    const to: MovedContent = { s3Key: `new/${id}`, s3Url: 'url', sha256: sha256(content), size: content.length }
    return contents.release({ ...found, ...change }, sha256(content), to)
  }

  test('have a size and are read, also where they are empty', async () => {
    for (const { id, content } of [moved, empty]) {
      assert.equal(await objects.size(databaseKey(id)), content.length)
      assert.deepEqual(await read(await objects.download(databaseKey(id))), content)
    }
  })

  test('stay where the row got another key, or they are not what was copied', async () => {
    assert.equal(await release(changed, { s3Key: 'another/key' }), false)
    assert.equal(await release({ ...changed, content: Buffer.from('what was copied before') }), false)
    assert.deepEqual(await read(contents.read(changed.id)), changed.content)
  })

  test('are not cleared as long as their row needs them', async () => {
    await objects.delete(databaseKey(changed.id))
    assert.deepEqual(await read(contents.read(changed.id)), changed.content)
  })

  test('are found in the object store by those who still know the old key', async () => {
    await objects.upload(`new/${moved.id}`, moved.content)
    assert.equal(await release(moved), true)
    assert.equal(await contents.find(moved.id), undefined)
    assert.equal(await objects.size(databaseKey(moved.id)), moved.content.length)
    assert.deepEqual(await read(await objects.download(databaseKey(moved.id))), moved.content)
  })

  test('are missing, as an object would be, once their file is deleted', async () => {
    await database.pool.query('delete from files where id = $1', [deleted.id])
    await assert.rejects(objects.download(databaseKey(deleted.id)), { code: 'OBJECT_MISSING' })
    assert.equal(await objects.size(databaseKey(deleted.id)), undefined)
    await objects.delete(databaseKey(deleted.id))
  })

  test('take nothing new', async () => {
    await assert.rejects(objects.upload(databaseKey(empty.id), Buffer.from('x')), /nothing new is put/)
  })

  test('keep their column until there are none; without it nothing is there', async () => {
    assert.deepEqual(await contents.count(), { files: 2, bytes: changed.content.length })
    assert.equal(await contents.dropColumn(), 2)
    await database.pool.query(`update files set content = null, s3_key = 'new/key'`)
    assert.equal(await contents.dropColumn(), 0)
    assert.equal(await contents.dropColumn(), undefined)
    assert.equal(await contents.count(), undefined)
    assert.equal(await contents.find(empty.id), undefined)
    await assert.rejects(read(contents.read(empty.id)), { code: 'OBJECT_MISSING' })
    await contents.clear(empty.id)
  })
})

const read = async (body: Readable): Promise<Buffer> => Buffer.concat(await body.toArray())
