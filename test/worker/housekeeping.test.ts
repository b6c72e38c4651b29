import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ScheduleNotFoundError } from '@temporalio/client'
import { INSTALLATIONS, originalKey } from '../../domain/keys.ts'
import type { HousekeepingWorkflow } from '../../workflows/contract.ts'
import { HOUSEKEEPING, housekeepingId } from '../../workflows/contract.ts'
import { eventually } from '../support/requests.ts'
import { WorkerProcess, workerEnvironment } from '../support/worker-process.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('workers', () => {
  let world: World
  const workers: WorkerProcess[] = []

  before(async () => {
    world = await startWorld({ workers: false })
  })
  after(async () => {
    for (const worker of workers) await worker.kill()
    await world.close()
  })

  /** `every`: how often it keeps house by itself. */
  async function start(every: string): Promise<WorkerProcess> {
    const worker = await WorkerProcess.start({ ...workerEnvironment(world), HOUSEKEEPING_EVERY: every })
    workers.push(worker)
    return worker
  }
  const schedule = () => world.client.schedule.getHandle(housekeepingId(world.taskQueue))

  async function leaveObjects(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const path = join(world.dir, 'objects', originalKey(randomUUID(), randomUUID(), randomUUID()))
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, '')
      await utimes(path, 0, 0)
    }
  }

  test('that die in the middle of a chore leave it to the next one', async () => {
    await leaveObjects(2_000)
    const first = await start('off')
    const run = await world.client.workflow.start<HousekeepingWorkflow>(HOUSEKEEPING, {
      taskQueue: world.taskQueue,
      workflowId: `${housekeepingId(world.taskQueue)}-killed`,
      args: [{ dryRun: false, chores: ['remove-objects'] }],
    })
    await eventually(async () => {
      const { pendingActivities } = (await run.describe()).raw
      assert.ok(pendingActivities?.[0]?.heartbeatDetails, 'some are removed')
    })
    await first.kill()

    const second = await start('off')
    const [receipt] = (await run.result()).chores
    assert.equal(receipt?.failure, null)
    assert.deepEqual(await Array.fromAsync(world.objects.list('uploads/')), [])
    await second.stop()
  })

  test('that start together make one schedule of housekeeping, whose runs they do; one that is told so removes it', async () => {
    const started = await Promise.all([start('24h'), start('24h')])
    await eventually(() => schedule().describe())
    await schedule().trigger()
    const run = await eventually(async () => {
      const { recentActions } = (await schedule().describe()).info
      const { workflow } = recentActions[0]?.action ?? {}
      assert.ok(workflow)
      return workflow
    })
    const handle = world.client.workflow.getHandle<HousekeepingWorkflow>(run.workflowId)
    const { dry_run, chores } = await handle.result()
    assert.equal(dry_run, false)
    for (const receipt of chores) assert.equal(receipt.failure, null)
    assert.equal(await (await handle.describe()).staticSummary(), 'Housekeeping')
    const marks = await Array.fromAsync(world.objects.list(INSTALLATIONS))
    assert.equal(marks.length, 1, 'the store is marked as in use by one installation, whose workers they are')
    for (const worker of started) await worker.stop()

    const last = await start('off')
    await eventually(() => assert.rejects(schedule().describe(), ScheduleNotFoundError))
    await last.stop()
  })
})
