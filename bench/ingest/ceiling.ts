import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { metered } from './meter.ts'
import type { NoOpFiles } from './no-op-files.ts'
import type { Run } from './run.ts'
import { startServers } from './servers.ts'

const TASK_QUEUE = 'ceiling'

/** (c) Four activities a file that do nothing, fifty files in flight, with continue-as-new: what Temporal alone allows. */
export async function runCeiling(files: number): Promise<Run> {
  await using resources = new AsyncDisposableStack()
  const servers = resources.adopt(await startServers(), (each) => each.close())
  const worker = resources.adopt(await startWorker(servers.temporalAddress), (each) => void each.kill())
  const connection = resources.adopt(await Connection.connect({ address: servers.temporalAddress }), (each) =>
    each.close(),
  )
  const parts = { program: [worker.pid ?? 0], ...servers.pids, wire: [] }
  const [, measured] = await metered(parts, () =>
    new Client({ connection }).workflow.execute<typeof NoOpFiles>('NoOpFiles', {
      workflowId: 'ceiling',
      taskQueue: TASK_QUEUE,
      args: [{ from: 0, files }],
    }),
  )
  return { ...measured, files, pages: 0, chunks: 0, failed: 0 }
}

async function startWorker(address: string) {
  const worker = fork(join(import.meta.dirname, 'ceiling-worker.ts'), [address, TASK_QUEUE], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await once(worker, 'message')
  return worker
}
