/* The worker of the ceiling, as a process of its own: address and task queue are its arguments. It ends with its parent. */
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'

const [address = '', taskQueue = ''] = process.argv.slice(2)

const activities = {
  noOp: async (file: { readonly fileId: string; readonly stage: number }) => file,
}
export type NoOpActivities = typeof activities

const logger = new DefaultLogger('ERROR')
Runtime.install({ logger, shutdownSignals: [] })
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  activities,
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: fileURLToPath(import.meta.resolve('./no-op-files.ts')),
    logger,
  }),
  // What worker/create-workers.ts sets and the default of WORKER_CONCURRENCY.
  maxConcurrentActivityTaskExecutions: 50,
  maxHeartbeatThrottleInterval: '2s',
  stickyQueueScheduleToStartTimeout: '5s',
})
process.once('disconnect', () => process.exit())
process.send?.('ready')
await worker.run()
