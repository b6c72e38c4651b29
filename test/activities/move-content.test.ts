import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { removeObjects } from '../../activities/housekeeping/remove-objects.ts'
import { moveContent } from '../../activities/move-content.ts'
import { DiskObjectStore } from '../../adapters/disk-object-store.ts'
import { PostgresDatabaseContents } from '../../adapters/postgres-database-contents.ts'
import { PostgresHousekeepingStore } from '../../adapters/postgres-housekeeping-store.ts'
import type { ChoreOutcome } from '../../domain/housekeeping.ts'
import { legacyFile, takeOver } from '../support/legacy-files.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('moving a content out of the database', () => {
  const file = legacyFile('log.txt', 'The only copy.')
  let world: World

  before(async () => {
    world = await startWorld({ workers: false, database: await takeOver([file]) })
  })
  after(() => world.close())

  const move = (objects = world.objects): Promise<{ bytes: number }> =>
    new MockActivityEnvironment().run(
      moveContent({ objects, contents: new PostgresDatabaseContents(world.database.pool) }),
      { fileId: file.id },
    )

  test('survives that housekeeping removes what an earlier try left, at the very moment of the next one', async () => {
    class DyingStore extends DiskObjectStore {
      override download(): Promise<never> {
        throw new Error('the worker dies before it has read its copy')
      }
    }
    await assert.rejects(move(new DyingStore({ dir: `${world.dir}/objects` })), /dies/)
    let looks = 0
    class OvertakenStore extends PostgresHousekeepingStore {
      override async keysWithoutFile(keys: readonly string[]): Promise<string[]> {
        const found = await super.keysWithoutFile(keys)
        // After the second look nothing is asked again: what was found is removed.
        if (found.length > 0 && ++looks === 2) assert.deepEqual(await move(), { bytes: file.content.length })
        return found
      }
    }
    const housekeeping = new OvertakenStore(world.database.pool)
    // Without any grace, so that it counts as old.
    const chore = removeObjects({ objects: world.objects, housekeeping, housekeepingGraceMs: -1_000 })
    const outcome: ChoreOutcome = await new MockActivityEnvironment().run(chore, { dryRun: false })
    assert.equal(outcome.done, 1)

    const { rawPayload } = await world.app.inject(`/knowledge-base/files/${file.id}/content`)
    assert.deepEqual(rawPayload, file.content)
  })
})
