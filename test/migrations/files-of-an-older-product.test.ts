import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { runner } from 'node-pg-migrate'
import { PostgresFileStore } from '../../adapters/postgres-file-store.ts'
import { LOCAL_USER_ID } from '../../api/principal.ts'
import type { TestDatabase } from '../support/database.ts'
import { createDatabase, createEmptyDatabase } from '../support/database.ts'
import type { LegacyTable } from '../support/legacy-files.ts'
import { createLegacyDatabase, LEGACY_TABLES, runMigrations } from '../support/legacy-files.ts'

import { eventually } from '../support/requests.ts'

const CONTENT = 'Grüße aus dem alten Lager'
const SIZE = Buffer.byteLength(CONTENT)

describe('the migrations take over a table of files of an older product', () => {
  for (const table of Object.keys(LEGACY_TABLES) as LegacyTable[])
    test(`${table}: its rows and new ones are files like any other`, async (t) => {
      const database = await legacyDatabase(t, table)
      const id = await insertRow(database, table)
      await runMigrations(database)
      const files = new PostgresFileStore(database.pool)

      const { items } = await files.list(LOCAL_USER_ID, { limit: 10 })
      const [file] = items
      assert.equal(file?.id, id)
      assert.equal(file.originalName, 'Bericht über Öl.txt')
      assert.equal(file.size, SIZE)
      assert.equal(file.s3Key, `database/${id}`)
      assert.equal(file.s3Url, `/knowledge-base/files/${id}/content`)
      assert.equal(file.processingStatus, 'uploaded')
      assert.equal(file.sha256, null, 'a hash is written once it was taken')
      assert.ok(file.createdAt instanceof Date && file.updatedAt instanceof Date)
      assert.ok(!('content' in file))
      await assertLikeOurs(database, files)
    })

  test('contents stay where they lie: no table is rewritten, no content copied', async (t) => {
    const database = await legacyDatabase(t, 'bytea')
    const { pool } = database
    await pool.query('alter table files alter column content set storage external')
    await pool.query(
      `insert into files (id, name, original_name, type, content, created_at)
       select gen_random_uuid(), 'large.bin', 'large.bin', 'x/y', decode(repeat('ab', 1000000), 'hex'), '2020-02-02 20:20:20' from generate_series(1, 5)`,
    )
    const where = async () => {
      const { rows } = await pool.query(
        `select pg_relation_filenode(oid) as file, pg_relation_filenode(reltoastrelid) as contents, pg_relation_size(reltoastrelid) as bytes
         from pg_class where oid = 'files'::regclass`,
      )
      return rows[0]
    }
    const before = await where()
    assert.ok(before.bytes > 5_000_000)
    await runMigrations(database)
    assert.deepEqual(await where(), before)
    const { rows } = await pool.query('select distinct created_at, size from files')
    assert.deepEqual(rows, [{ created_at: new Date('2020-02-02T20:20:20Z'), size: 1_000_000 }])
  })

  test('a row that points to an object stays so, one with nothing counts as not stored, and owners stay', async (t) => {
    const database = await legacyDatabase(t, 'text')
    const { pool } = database
    const insert = async (content: string, s3Key: string | null, s3Url: string | null) => {
      const id = randomUUID()
      await pool.query(
        `insert into files (id, name, original_name, size, content, s3_key, s3_url, checked_by) values ($1, 'a', 'a', 1, $2, $3, $4, 'x')`,
        [id, content, s3Key, s3Url],
      )
      return id
    }
    await pool.query('alter table files alter column content drop not null, add column user_id uuid')
    const inS3 = await insert('', 'old/key', 'https://bucket.example/old/key')
    const both = await insert('copy', 'old/other', 'https://bucket.example/old/other')
    const placeholder = await insert('kept', 'temp/1', 'temp://1')
    const owned = await insert('mine', null, null)
    const nothing = randomUUID()
    await pool.query(
      `insert into files (id, name, original_name, content, checked_by) values ($1, 'a', 'a', null, 'x')`,
      [nothing],
    )
    const owner = randomUUID()
    await pool.query('update files set user_id = $2 where id = $1', [owned, owner])
    await runMigrations(database)

    const { rows } = await pool.query('select id, s3_key, content, processing_status as status, user_id from files')
    const row = (id: string) => {
      const { id: _, ...rest } = rows.find((each) => each.id === id)
      return rest
    }
    const mine = { status: 'uploaded', user_id: LOCAL_USER_ID }
    assert.deepEqual(row(inS3), { s3_key: 'old/key', content: null, ...mine })
    assert.deepEqual(row(both), { s3_key: 'old/other', content: 'copy', ...mine })
    assert.deepEqual(row(placeholder), { s3_key: `database/${placeholder}`, content: 'kept', ...mine })
    assert.deepEqual(row(owned), { s3_key: `database/${owned}`, content: 'mine', status: 'uploaded', user_id: owner })
    assert.deepEqual(row(nothing), { ...mine, s3_key: `not-stored/${nothing}`, content: null, status: 'not_stored' })
  })

  test('rules of the older product about users, states and contents do not stop new rows', async (t) => {
    const database = await legacyDatabase(t, 'bytea')
    const { pool } = database
    await pool.query('create table users (id uuid primary key)')
    await pool.query(
      `alter table files add foreign key (user_id) references users, add check (processing_status in ('pending', 'completed')),
       add check (length(content) > 0)`,
    )
    await pool.query(
      `insert into files (id, name, original_name, type, content, processing_status) values (gen_random_uuid(), 'a', 'a', 'a/b', 'x', 'completed')`,
    )
    await runMigrations(database)
    await assertLikeOurs(database, new PostgresFileStore(pool))
  })

  test('a content of another type is refused with a sentence, and no row is touched', async (t) => {
    const database = await legacyDatabase(t, 'bare')
    await database.pool.query('alter table files alter column content type jsonb using null')
    await database.pool.query(`insert into files (id, content) values (gen_random_uuid(), '{}')`)
    await assert.rejects(
      runMigrations(database),
      /files\.content has the type jsonb; only bytea and text can be taken over/,
    )
    const { rows } = await database.pool.query('select s3_key, content from files')
    assert.deepEqual(rows, [{ s3_key: null, content: {} }])
  })

  test('a fresh database has no column of contents', async (t) => {
    const database = await createDatabase()
    t.after(() => database.close())
    const { rows } = await database.pool.query(
      `select from information_schema.columns where table_name = 'files' and column_name = 'content'`,
    )
    assert.deepEqual(rows, [])
  })
})

async function legacyDatabase(t: TestContext, table: LegacyTable): Promise<TestDatabase> {
  const database = await createLegacyDatabase(table)
  t.after(() => database.close())
  return database
}

async function insertRow({ pool }: TestDatabase, table: LegacyTable): Promise<string> {
  const id = randomUUID()
  const name = 'Bericht über Öl.txt'
  const insert = {
    bytea: `insert into files (id, name, original_name, type, content) values ($1, $2, $2, 'text/plain', convert_to($3, 'UTF8'))`,
    text: `insert into files (id, name, original_name, size, content, checked_by) values ($1, $2, $2, 3, $3, 'somebody')`,
    bare: `insert into files (id, original_name, content) values ($1, $2, convert_to($3, 'UTF8'))`,
  }
  await pool.query(insert[table], [id, name, CONTENT])
  return id
}

/** New files are taken with the longest values that ours can have, and without what only the older product had. */
async function assertLikeOurs({ pool }: TestDatabase, files: PostgresFileStore): Promise<void> {
  const id = randomUUID()
  const file = await files.insert({
    id,
    userId: LOCAL_USER_ID,
    name: 'n'.repeat(255),
    originalName: 'o'.repeat(255),
    size: 2_000_000_000,
    type: `a/${'b'.repeat(98)}`,
    s3Url: 'u'.repeat(2_000),
    s3Key: 'k'.repeat(500),
    sha256: 'c'.repeat(64),
    processingStatus: 'uploaded',
  })
  assert.equal(file.size, 2_000_000_000)
  assert.ok(file.createdAt instanceof Date && file.updatedAt instanceof Date)
  const first = await files.list(LOCAL_USER_ID, { limit: 1 })
  assert.ok(first.nextCursor)
  const second = await files.list(LOCAL_USER_ID, { limit: 1, cursor: first.nextCursor })
  assert.notEqual(first.items[0]?.id, second.items[0]?.id)
  const { rows } = await pool.query('select content from files where id = $1', [id])
  assert.deepEqual(rows, [{ content: null }])
}

test('files that an API of before is still writing are counted for their users', async (t) => {
  const database = await createEmptyDatabase()
  t.after(() => database.close())
  const { url, pool } = database
  // All that came before it.
  const options = { databaseUrl: url, migrationsTable: 'migrations', direction: 'up', log: () => undefined } as const
  await runner({ ...options, dir: join(import.meta.dirname, '../../migrations'), count: 11 })
  const userId = randomUUID()
  const older = await pool.connect()
  await older.query('begin')
  await older.query(
    `insert into files (id, user_id, name, original_name, size, type, s3_url, s3_key, processing_status)
     values (gen_random_uuid(), $1, 'a', 'a', 7, 'text/plain', '', '', 'uploaded')`,
    [userId],
  )
  const migrating = runMigrations(database)
  await eventually(async () => {
    const { rows } = await pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    assert.equal(rows.length, 1)
  })
  await older.query('commit')
  older.release()
  await migrating
  const { rows } = await pool.query('select files::int, bytes::int from file_usage where user_id = $1', [userId])
  assert.deepEqual(rows, [{ files: 1, bytes: 7 }])
})
