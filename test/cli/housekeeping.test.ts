import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { originalKey } from '../../domain/keys.ts'
import { expertsmith } from '../support/expertsmith.ts'
import { freePort } from '../support/free-port.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('npm run expertsmith -- housekeeping', () => {
  let world: World
  before(async () => {
    world = await startWorld()
  })
  after(() => world.close())

  const housekeeping = (...args: string[]) => expertsmith(world, 'housekeeping', ...args)

  async function leaveObject(): Promise<string> {
    const key = originalKey(randomUUID(), randomUUID(), randomUUID())
    await world.objects.upload(key, Buffer.from('x'))
    const path = join(world.dir, 'objects', key)
    await utimes(path, 0, 0)
    return key
  }

  test('prints a table of what it would do, then does it', async () => {
    const key = await leaveObject()
    const dry = await housekeeping('--dry-run', '--only', 'remove-objects', 'abort-uploads')
    assert.equal(dry.code, 0, dry.stderr)
    assert.match(dry.stderr, /^Watch it: http/)
    assert.deepEqual(dry.stdout.split('\n'), [
      'chore           found  done  examples',
      'abort-uploads       0     0',
      `remove-objects      1     0  ${key}`,
      '',
      'A dry run: nothing was changed.',
      '',
    ])
    assert.equal(await world.objects.size(key), 1)

    const real = await housekeeping('--json')
    assert.equal(real.code, 0, real.stderr)
    const { dry_run, chores } = JSON.parse(real.stdout)
    assert.equal(dry_run, false)
    assert.equal(chores.length, 4)
    assert.deepEqual(chores[2], {
      ...{ chore: 'remove-objects', found: 1, done: 1, more: false, examples: [key] },
      failure: null,
    })
    assert.equal(await world.objects.size(key), undefined)
  })

  test('ends with 1 and the reason of a chore that failed', async () => {
    await leaveObject()
    const mark = `installations/${randomUUID()}`
    await world.objects.upload(mark, Buffer.alloc(0))
    const { code, stdout } = await housekeeping('--only', 'remove-objects')
    assert.equal(code, 1)
    assert.match(stdout, /remove-objects\s+–\s+–\s+STORE_IS_SHARED: Another installation/)
    await world.objects.delete(mark)
  })

  test('says that no worker answers, and that Temporal cannot be reached, and ends with 1', async () => {
    const queue = `nobody-${randomUUID()}`
    const [alone, lost] = await Promise.all([
      expertsmith({ taskQueue: queue }, 'housekeeping', '--dry-run'),
      expertsmith({ ...world, temporalAddress: `127.0.0.1:${await freePort()}` }, 'housekeeping', '--dry-run'),
    ])
    assert.equal(alone.code, 1)
    assert.match(alone.stderr, new RegExp(`No worker has answered on the task queue ${queue}.*npm run worker`))
    assert.equal(lost.code, 1)
    assert.match(lost.stderr, /Temporal cannot be reached at 127\.0\.0\.1:\d+/)
    await world.client.workflow.getHandle(`${queue}-housekeeping-dry-run`).terminate()
  })

  test('refuses a chore that it does not know, and names those that it does', async () => {
    const { code, stderr } = await housekeeping('--only', 'everything')
    assert.equal(code, 2)
    assert.match(stderr, /start-experts, abort-uploads, remove-objects, remove-vectors/)
  })
})
