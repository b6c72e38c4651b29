import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { S3ObjectStore } from '../../adapters/s3-object-store.ts'
import { LOCAL_USER_ID } from '../../api/principal.ts'
import { isOriginalKey } from '../../domain/keys.ts'
import { MIGRATE_CONTENT, migrateContentId, migrationProgress } from '../../workflows/contract.ts'
import { expertsmith } from '../support/expertsmith.ts'
import { infrastructure } from '../support/infrastructure.ts'
import type { LegacyFile } from '../support/legacy-files.ts'
import { createLegacyDatabase, legacyFile, runMigrations, sha256, takeOver } from '../support/legacy-files.ts'
import { eventually } from '../support/requests.ts'
import type { World, WorldOptions } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('migrate-content', () => {
  test('moves every content to the object store, says so, and has nothing to do the second time', async (t) => {
    const files = manyFiles(60)
    const world = await legacyWorld(t, files)

    const { code, stdout, stderr } = await expertsmith(world, 'migrate-content')
    assert.equal(code, 0, stderr)
    const bytes = files.reduce((sum, { content }) => sum + content.length, 0).toLocaleString('en')
    assert.equal(
      stdout,
      `Moved 60 files (${bytes} bytes) to the object store, each read back and compared by its SHA-256.\nNo content is left in the database.\n`,
    )
    assert.match(stderr, /^Watch it: http.*migrate-content$/m)
    await assertMoved(world, files)

    const progress = await world.client.workflow.getHandle(migrateContentId(world.taskQueue)).query(migrationProgress)
    assert.deepEqual([progress.files, progress.moved, progress.failed], [60, 60, 0])
    const again = await expertsmith(world, 'migrate-content')
    assert.match(again.stdout, /^Moved 0 files \(0 bytes\)/)
  })

  test('of two deployments that share a namespace are two runs', async (t) => {
    const other = await legacyWorld(t, manyFiles(3), { workers: false })
    const { taskQueue } = other
    const open = { taskQueue, workflowId: migrateContentId(taskQueue), args: [{}] }
    const run = await other.client.workflow.start(MIGRATE_CONTENT, open)

    const world = await legacyWorld(t, manyFiles(2))
    const { stdout, stderr } = await expertsmith(world, 'migrate-content', '--drop-column')
    assert.match(stdout, /^Moved 2 files .*\n.*\nThe column "content" is dropped\.\n$/, stderr)
    // It is open still, since nobody serves its queue.
    await run.terminate()
  })

  test('moves a large content to S3, with the address that it has there', async (t) => {
    const large = legacyFile('large.bin', Buffer.alloc(11_000_000, 'large '))
    const world = await legacyWorld(t, [large], { objects: { kind: 's3', ...infrastructure().s3 } })
    assert.equal((await expertsmith(world, 'migrate-content')).code, 0)
    await assertMoved(world, [large])
    const { rows } = await world.database.pool.query('select s3_url, s3_key, size from files')
    const s3Key = rows[0].s3_key
    const s3Url = new S3ObjectStore(infrastructure().s3).urlOf(s3Key)
    assert.ok(isMovedKey(large, s3Key), s3Key)
    assert.deepEqual(rows, [{ s3_url: s3Url, s3_key: s3Key, size: 11_000_000 }])
  })

  test('continues as new before its history grows long, and still tells of all files', async (t) => {
    const files = Array.from({ length: 1_500 }, (_, i) => legacyFile(`file-${i}.txt`, String(i)))
    const world = await legacyWorld(t, files)
    const { code, stdout, stderr } = await expertsmith(world, 'migrate-content')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^Moved 1,500 files/)
    await eventually(async () => {
      const query = `TaskQueue = '${world.taskQueue}'`
      const runs = await Array.fromAsync(world.client.workflow.list({ query }))
      assert.ok(runs.length > 1, 'there was more than one run')
      assert.deepEqual(runs.map(({ status }) => status.name).toSorted(), [
        'COMPLETED',
        ...runs.slice(1).map(() => 'CONTINUED_AS_NEW'),
      ])
      for (const { historyLength } of runs) assert.ok(historyLength < 10_000, `${historyLength} events`)
    })
    const { rows } = await world.database.pool.query(
      'select count(*)::int as left from files where content is not null',
    )
    assert.deepEqual(rows, [{ left: 0 }])
  })

  test('moves a text as the UTF-8 that it stands for', async (t) => {
    const database = await createLegacyDatabase('text')
    const file = legacyFile('a', 'Ölstände: 4,2 Meter – „höher“ als 🌊')
    await database.pool.query(
      `insert into files (id, name, original_name, content, checked_by) values ($1, 'a', 'a', $2, 'x')`,
      [file.id, String(file.content)],
    )
    await runMigrations(database)
    const world = await startWorld({ database })
    t.after(() => world.close())
    assert.equal((await expertsmith(world, 'migrate-content')).code, 0)
    await assertMoved(world, [file])
  })

  test('a dry run counts and changes nothing', async (t) => {
    const world = await legacyWorld(t, [legacyFile('a.txt', 'four'), legacyFile('b.txt', 'five5')])
    const rowsOf = async () => (await world.database.pool.query('select * from files order by id')).rows
    const before = await rowsOf()
    const { code, stdout } = await expertsmith(world, 'migrate-content', '--dry-run', '--drop-column')
    assert.equal(code, 0)
    assert.equal(
      stdout,
      '2 files (9 bytes) would be moved. Nothing was changed: this was a dry run.\nThe column would be dropped once they all are.\n',
    )
    assert.deepEqual(await rowsOf(), before)
  })

  test('names the file that fails, which keeps its content and the column, and drops the column once nothing is left', async (t) => {
    const [stranger, ...others] = manyFiles(5)
    assert.ok(stranger)
    const world = await legacyWorld(t, [stranger, ...others])
    const owner = randomUUID()
    await world.database.pool.query('update files set user_id = $2 where id = $1', [stranger.id, owner])
    // A file where the folder of this user's objects should be: only their objects cannot be written.
    const obstacle = join(world.dir, 'objects/uploads', owner)
    await mkdir(join(world.dir, 'objects/uploads'), { recursive: true })
    await writeFile(obstacle, '')

    const refused = await expertsmith(world, 'migrate-content', '--drop-column')
    assert.equal(refused.code, 3)
    assert.match(refused.stdout, /^Moved 4 files/)
    assert.match(refused.stdout, /^1 file failed and kept its content in the database:$/m)
    assert.ok(refused.stdout.includes(`✘ ${stranger.name} (${stranger.id}): OBJECT_MISSING. `), refused.stdout)
    assert.match(
      refused.stdout,
      /^The column "content" was kept: 1 file still has its bytes in it; the reasons are above\.$/m,
    )
    const { rows } = await world.database.pool.query('select content from files where id = $1', [stranger.id])
    assert.deepEqual(rows, [{ content: stranger.content }])
    await assertMoved(world, others)

    await rm(obstacle)
    const dropped = await expertsmith(world, 'migrate-content', '--drop-column')
    assert.equal(dropped.code, 0)
    assert.match(
      dropped.stdout,
      /^Moved 1 file .*\nNo content is left in the database\.\nThe column "content" is dropped\.\n$/,
    )
    await assertColumnGone(world)
    const { rawPayload } = await world.app.inject(`/knowledge-base/files/${others[0]?.id}/content`)
    assert.deepEqual(rawPayload, others[0]?.content)
    const nothing = await expertsmith(world, 'migrate-content', '--drop-column')
    assert.equal(nothing.stdout, 'There is nothing to migrate: the table of files has no column "content".\n')
  })

  test('a content beside an object is cleared if it is the same, kept if it is not, and moved if the object is gone', async (t) => {
    const [same, other, gone, replaced] = manyFiles(4) as [LegacyFile, LegacyFile, LegacyFile, LegacyFile]
    const world = await legacyWorld(t, [same, other, gone, replaced])
    const pointTo = async ({ id }: LegacyFile, content: string | Buffer | undefined, hash: string | null = null) => {
      const key = `old/${id}`
      if (content !== undefined) await world.objects.upload(key, Buffer.from(content))
      await world.database.pool.query('update files set s3_key = $2, sha256 = $3 where id = $1', [id, key, hash])
    }
    await pointTo(same, same.content)
    await pointTo(other, 'another text')
    await pointTo(gone, undefined)
    await pointTo(replaced, 'newer text', sha256(Buffer.from('newer text')))

    const { code, stdout } = await expertsmith(world, 'migrate-content')
    assert.equal(code, 3)
    assert.match(stdout, /^Moved 3 files/)
    assert.ok(stdout.includes(`${other.id}): OBJECT_CHANGED. `), stdout)
    assert.match(stdout, /\(the content in the database is another one\)/)
    const { rows } = await world.database.pool.query('select id, s3_key, content, sha256 from files')
    const row = ({ id }: LegacyFile) => {
      const { s3_key, content, sha256: hash } = rows.find((each) => each.id === id)
      return [s3_key, content, hash]
    }
    assert.deepEqual(row(same), [`old/${same.id}`, null, sha256(same.content)])
    assert.deepEqual(row(other), [`old/${other.id}`, other.content, null])
    assert.ok(isMovedKey(gone, row(gone)[0]))
    assert.deepEqual(row(gone).slice(1), [null, sha256(gone.content)])
    assert.deepEqual(row(replaced), [`old/${replaced.id}`, null, sha256(Buffer.from('newer text'))])
  })

  test('says why where the object store cannot be used, and leaves everything as it is', async (t) => {
    const world = await legacyWorld(t, manyFiles(1), {
      objects: { kind: 'unconfigured', missing: ['S3_BUCKET_NAME'] },
    })
    const { code, stderr } = await expertsmith(world, 'migrate-content')
    assert.equal(code, 1)
    assert.match(stderr, /✘ Object storage is not configured, .* \(S3_BUCKET_NAME is not set\)/)
    const { rows } = await world.database.pool.query('select from files where content is not null')
    assert.equal(rows.length, 1)
  })

  test('has nothing to do where no older product was', async (t) => {
    const world = await startWorld()
    t.after(() => world.close())
    const { code, stdout } = await expertsmith(world, 'migrate-content')
    assert.equal(code, 0)
    assert.equal(stdout, 'There is nothing to migrate: the table of files has no column "content".\n')
  })
})

const isMovedKey = ({ id }: Pick<LegacyFile, 'id'>, key: string) =>
  isOriginalKey(key) && key.startsWith(`uploads/${LOCAL_USER_ID}/${id}/`)

const manyFiles = (count: number) =>
  Array.from({ length: count }, (_, i) => legacyFile(`file-${i}.txt`, `File ${i}. ${'The harbour log. '.repeat(i)}`))

async function legacyWorld(t: TestContext, files: readonly LegacyFile[], options: WorldOptions = {}): Promise<World> {
  const world = await startWorld({ ...options, database: await takeOver(files) })
  t.after(() => world.close())
  return world
}

/** Each object has the bytes that the database had, each row its checksum, and no content. */
async function assertMoved({ database, objects }: World, files: readonly LegacyFile[]): Promise<void> {
  for (const { id, content } of files) {
    const { rows } = await database.pool.query('select s3_key, sha256, content from files where id = $1', [id])
    const s3Key = rows[0].s3_key
    assert.ok(isMovedKey({ id }, s3Key), s3Key)
    assert.deepEqual(rows, [{ s3_key: s3Key, sha256: sha256(content), content: null }])
    assert.deepEqual(Buffer.concat(await (await objects.download(s3Key)).toArray()), content)
  }
}

async function assertColumnGone({ database }: World): Promise<void> {
  await assert.rejects(database.pool.query('select content from files'), /column "content" does not exist/)
}
