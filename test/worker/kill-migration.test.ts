import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { isOriginalKey } from '../../domain/keys.ts'
import { expertsmith } from '../support/expertsmith.ts'
import type { LegacyFile } from '../support/legacy-files.ts'
import { legacyFile, sha256, takeOver } from '../support/legacy-files.ts'
import { replayHistories } from '../support/replay.ts'
import { eventually } from '../support/requests.ts'
import { spawnWorker } from '../support/spawn-worker.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const FILES = 1_000

test('a worker killed in the middle of migrate-content loses no content: the next one moves the rest', async (t) => {
  const files = Array.from({ length: FILES }, (_, i) =>
    legacyFile(`log-${i}.txt`, `Vessel ${i}. ${'Tide. '.repeat(i)}`),
  )
  const world = await startWorld({ workers: false, database: await takeOver(files) })
  t.after(() => world.close())
  // At no time may a row point to a content that is not there: the database itself stands guard.
  await world.database.pool.query(
    `alter table files add constraint guard check (content is not null or s3_key like 'uploads/%' and sha256 is not null)`,
  )
  const command = expertsmith(world, 'migrate-content')
  const joining = expertsmith(world, 'migrate-content')
  const first = spawnWorker(world)
  t.after(() => first.kill('SIGKILL'))
  await eventually(async () => {
    const moved = await countMoved(world)
    assert.ok(moved > 100 && moved < FILES, `${moved} moved`)
  })
  first.kill('SIGKILL')
  await once(first, 'exit')
  const moved = await countMoved(world)
  assert.ok(moved < FILES, 'it was killed in the middle')
  assert.equal(await assertEachThere(world, files), moved)

  const second = spawnWorker(world)
  t.after(() => second.kill('SIGKILL'))
  const { code, stdout, stderr } = await command
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^Moved 1,000 files \([\d,]+ bytes\).*\nNo content is left in the database\.\n$/)
  assert.equal((await joining).stdout, stdout, 'the same command, given twice, is one run')
  assert.equal(await assertEachThere(world, files), FILES)

  const dropped = await expertsmith(world, 'migrate-content', '--drop-column')
  assert.match(dropped.stdout, /The column "content" is dropped\./)
  second.kill('SIGTERM')
  await once(second, 'exit')
  // Two runs of the command, and the one that dropped the column.
  await eventually(async () => assert.equal(await replayHistories(world.client, world.taskQueue), 3))
})

async function countMoved({ database }: World): Promise<number> {
  const { rows } = await database.pool.query('select count(*)::int as files from files where content is null')
  return rows[0].files
}

/** Each file has its bytes, in the database or, byte by byte, in the object store. @returns how many are in the store */
async function assertEachThere({ database, objects }: World, files: readonly LegacyFile[]): Promise<number> {
  const { rows } = await database.pool.query('select id, s3_key, sha256, content from files')
  assert.equal(rows.length, files.length)
  let moved = 0
  for (const { id, content } of files) {
    const row = rows.find((each) => each.id === id)
    if (row.content !== null) assert.deepEqual(row.content, content)
    else {
      assert.ok(isOriginalKey(row.s3_key), row.s3_key)
      assert.equal(row.sha256, sha256(content))
      assert.deepEqual(Buffer.concat(await (await objects.download(row.s3_key)).toArray()), content)
      moved++
    }
  }
  return moved
}
