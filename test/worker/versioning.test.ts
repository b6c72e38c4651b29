import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
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

  test('takes nothing before it is current, and then goes on with the runs that are open', async () => {
    const first = await start('1')
    await makeCurrent('1')
    const file = await api.upload('report.pdf', '%PDF-1.7 damaged')
    const { id, workflow_id } = await api.createExpert([file, await api.upload('good.txt', 'A good one.')])
    await api.until(id, 'partially_ready')

    await start('2')
    await makeCurrent('2')
    await first.kill()
    await api.sendFile('PUT', `/knowledge-base/files/${file.id}/content`, 'report.txt', 'Mended.')
    await api.send('POST', `/experts/${id}/retry`)
    await api.until(id, 'ready')

    const { events } = await world.client.workflow.getHandle(workflow_id).fetchHistory()
    const versions = (events ?? []).flatMap(
      ({ workflowTaskCompletedEventAttributes: task }) => task?.deploymentVersion?.buildId ?? [],
    )
    assert.deepEqual([...new Set(versions)], ['1', '2'])
  })
})
