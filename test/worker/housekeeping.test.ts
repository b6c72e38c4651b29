import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ScheduleNotFoundError } from '@temporalio/client'
import { INSTALLATIONS, originalKey } from '../../domain/keys.ts'
import type { HousekeepingWorkflow } from '../../workflows/contract.ts'
import { HOUSEKEEPING, housekeepingId } from '../../workflows/contract.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { eventually } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const ROOT = join(import.meta.dirname, '../..')

describe('workers', () => {
  let world: World
  const workers: ChildProcess[] = []

  before(async () => {
    world = await startWorld({ workers: false })
  })
  after(async () => {
    for (const worker of workers) worker.kill('SIGKILL')
    await world.close()
  })

  function start(environment: Record<string, string> = {}): ChildProcess {
    const worker = spawn(process.execPath, ['worker/main.ts'], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        DATABASE_URL: world.database.url,
        TEMPORAL_ADDRESS: infrastructure().temporalAddress,
        TEMPORAL_TASK_QUEUE: world.taskQueue,
        DATA_DIR: world.dir,
        LOG_LEVEL: 'error',
        ...environment,
      },
    })
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
    const first = start({ HOUSEKEEPING_EVERY: 'off' })
    const run = await world.client.workflow.start<HousekeepingWorkflow>(HOUSEKEEPING, {
      taskQueue: world.taskQueue,
      workflowId: `${housekeepingId(world.taskQueue)}-killed`,
      args: [{ dryRun: false, chores: ['remove-objects'] }],
    })
    await eventually(async () => {
      const { pendingActivities } = (await run.describe()).raw
      assert.ok(pendingActivities?.[0]?.heartbeatDetails, 'some are removed')
    })
    first.kill('SIGKILL')
    await once(first, 'exit')

    const second = start({ HOUSEKEEPING_EVERY: 'off' })
    const [receipt] = (await run.result()).chores
    assert.equal(receipt?.failure, null)
    assert.deepEqual(await Array.fromAsync(world.objects.list('uploads/')), [])
    second.kill('SIGTERM')
    await once(second, 'exit')
  })

  test('that start together make one schedule of housekeeping, whose runs they do; one that is told so removes it', async () => {
    const started = [start(), start()]
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
    for (const worker of started) {
      worker.kill('SIGTERM')
      await once(worker, 'exit')
    }

    const last = start({ HOUSEKEEPING_EVERY: 'off' })
    await eventually(() => assert.rejects(schedule().describe(), ScheduleNotFoundError))
    last.kill('SIGTERM')
    await once(last, 'exit')
  })
})
