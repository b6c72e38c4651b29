import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { requiredTsToMs } from '@temporalio/common/lib/time.js'
import { eventually, Requests } from '../support/requests.ts'
import { WorkerProcess, workerEnvironment } from '../support/worker-process.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('a new version of the workers', () => {
  let world: World
  let api: Requests
  const started: WorkerProcess[] = []

  const start = async (buildId: string) => {
    const worker = await WorkerProcess.start({
      ...workerEnvironment(world),
      WORKER_DEPLOYMENT: world.taskQueue,
      WORKER_BUILD_ID: buildId,
    })
    started.push(worker)
    return worker
  }
  /** What `temporal worker deployment set-current-version` does. */
  const makeCurrent = (buildId: string) =>
    eventually(() =>
      world.client.workflowService.setWorkerDeploymentCurrentVersion({
        namespace: 'default',
        deploymentName: world.taskQueue,
        buildId,
        identity: 'test',
      }),
    )

  before(async () => {
    world = await startWorld({ workers: false })
    api = new Requests(world.app)
  })
  after(async () => {
    for (const worker of started) await worker.kill()
    await world.close()
  })

  const eventsOf = async (workflowId: string) =>
    (await world.client.workflow.getHandle(workflowId).fetchHistory()).events ?? []

  /** The build ids of those who did anything of it; extraction, on a queue of its own process, has none. */
  async function versionsOf(workflowId: string): Promise<string[]> {
    const versions = (await eventsOf(workflowId)).flatMap((event) => [
      event.workflowTaskCompletedEventAttributes?.deploymentVersion?.buildId ?? [],
      event.activityTaskStartedEventAttributes?.workerVersion?.buildId ?? [],
    ])
    return [...new Set(versions.flat())].filter((version) => !version.startsWith('@temporalio/'))
  }

  async function takenAt(workflowId: string): Promise<number> {
    const taken = (await eventsOf(workflowId)).find((event) => event.workflowTaskStartedEventAttributes)
    return requiredTsToMs(taken?.eventTime, 'eventTime')
  }

  test('takes nothing before it is current, and then goes on with the runs that are open', async () => {
    const first = await start('1')
    const file = await api.upload('report.pdf', '%PDF-1.7 damaged')
    const { id, workflow_id } = await api.createExpert([file, await api.upload('good.txt', 'A good one.')])
    // Starting another one takes seconds, in which the first one could take the run.
    await start('2')
    const before = Date.now()
    await makeCurrent('1')
    await api.until(id, 'partially_ready')
    assert.ok((await takenAt(workflow_id)) > before, 'the first version waited until it was current too')

    const files = []
    for (let i = 0; i < 10; i++) files.push(await api.upload(`${i}.txt`, `File ${i}.`))
    const other = await api.createExpert(files)
    await api.until(other.id, 'ready')
    assert.deepEqual(await versionsOf(other.workflow_id), ['1'])

    await makeCurrent('2')
    await first.kill()
    await api.sendFile('PUT', `/knowledge-base/files/${file.id}/content`, 'report.txt', 'Mended.')
    await api.send('POST', `/experts/${id}/retry`)
    await api.until(id, 'ready')
    assert.deepEqual(await versionsOf(workflow_id), ['1', '2'])
  })
})
