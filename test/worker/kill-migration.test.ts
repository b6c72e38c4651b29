import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOriginalKey } from '../../domain/keys.ts'
import { ExpertsmithCommand, expertsmith } from '../support/expertsmith.ts'
import type { LegacyFile } from '../support/legacy-files.ts'
import { legacyFile, sha256, takeOver } from '../support/legacy-files.ts'
import { Production } from '../support/production.ts'
import { replayHistories } from '../support/replay.ts'
import { eventually } from '../support/requests.ts'
import type { World } from '../support/world.ts'

const FILES = 1_000
const MOVED_BEFORE = FILES / 2

test('a worker killed in the middle of migrate-content loses no content: the next one moves the rest', async (t) => {
  const files = Array.from({ length: FILES }, (_, i) =>
    legacyFile(`log-${i}.txt`, `Vessel ${i}. ${'Tide. '.repeat(i)}`),
  )
  const production = await Production.start({ database: await takeOver(files) })
  t.after(() => production.close())
  const { world } = production
  // At no time may a row point to a content that is not there: the database itself stands guard.
  await world.database.pool.query(
    `alter table files add constraint guard check (content is not null or s3_key like 'uploads/%' and sha256 is not null)`,
  )
  const first = await production.startWorker()
  // Of the files in flight some are not copied yet, and the others are, but nobody has read the copy.
  const order = files.map(({ id }) => id).toSorted()
  const gate = production.s3.hold(({ method, key }) => {
    const [, , fileId = ''] = key.split('/')
    const place = order.indexOf(fileId)
    return place >= MOVED_BEFORE && method === (place % 2 === 0 ? 'PUT' : 'GET')
  })
  const command = new ExpertsmithCommand(world, 'migrate-content')
  const joining = new ExpertsmithCommand(world, 'migrate-content')
  await Promise.all([command.hasRun(), joining.hasRun()])
  await eventually(async () => assert.equal(await countMoved(world), MOVED_BEFORE))
  await gate.arrival
  await first.kill()
  assert.equal(await assertEachThere(world, files), MOVED_BEFORE)

  gate.open()
  const second = await production.startWorker()
  const { code, stdout, stderr } = await command.result
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^Moved 1,000 files \([\d,]+ bytes\).*\nNo content is left in the database\.\n$/)
  assert.equal((await joining.result).stdout, stdout, 'the same command, given twice, is one run')
  assert.equal(await assertEachThere(world, files), FILES)

  const dropped = await expertsmith(world, 'migrate-content', '--drop-column')
  assert.match(dropped.stdout, /The column "content" is dropped\./)
  await second.stop()
  // Two runs of the command, and the one that dropped the column; more where a slow machine makes the first one's history long.
  await eventually(async () => assert.ok((await replayHistories(world.client, world.taskQueue)) >= 3))
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
