import { fileURLToPath } from 'node:url'
import type { WorkerDeploymentVersion } from '@temporalio/common'
import type { ActivityInterceptorsFactory, NativeConnection, WorkerOptions, WorkflowBundle } from '@temporalio/worker'
import { bundleWorkflowCode, Runtime, Worker } from '@temporalio/worker'
import type { Activities } from '../activities/index.ts'
import { embeddingQueue, webhookQueue } from '../workflows/contract.ts'
import { FailureInterceptor } from './failure-interceptor.ts'
import { StageMetrics } from './stage-metrics.ts'

export type WorkersOptions = {
  readonly connection: NativeConnection
  readonly namespace: string
  readonly taskQueue: string
  /** The queue of this very process, for work on the files that it holds. */
  readonly hostQueue: string
  readonly activities: Activities
  readonly workflowBundle: WorkflowBundle
  /** Activities of one queue that run at once. */
  readonly concurrency: number
  readonly shutdownGraceMs: number
  /** Undefined: without versioning, every worker takes every task. */
  readonly version?: WorkerDeploymentVersion | undefined
  readonly tracing?: WorkerTracing | undefined
}

/** What tracing adds; the bundle must have been made for it. */
type WorkerTracing = {
  readonly activity: ActivityInterceptorsFactory
  readonly sinks: NonNullable<WorkerOptions['sinks']>
}

/** For `bundleWorkflows`: what carries traces through workflows. */
export const TRACE_INTERCEPTORS = [fileURLToPath(import.meta.resolve('../workflows/trace-interceptors.ts'))]

export const bundleWorkflows = (options: Partial<Parameters<typeof bundleWorkflowCode>[0]> = {}) =>
  bundleWorkflowCode({ workflowsPath: fileURLToPath(import.meta.resolve('../workflows/index.ts')), ...options })

/** One that gets no answer takes ten seconds. */
const WEBHOOKS_AT_ONCE = 10

/**
 * The workers of one process: workflows with most activities, embedding (a queue of its own, so that its rate can be limited),
 * webhooks (one with few slots), and the extraction of files that are staged here.
 */
export function createWorkers(options: WorkersOptions): Promise<Worker[]> {
  const { activities, taskQueue, hostQueue, concurrency } = options
  const create = (queue: Partial<WorkerOptions> & { taskQueue: string }) =>
    Worker.create({ ...common(options), ...queue })
  const { extractText, embedChunks, deliverWebhook } = activities
  const versioned = versioning(options)
  return Promise.all([
    create({ taskQueue, activities, workflowBundle: options.workflowBundle, ...versioned }),
    create({ taskQueue: embeddingQueue(taskQueue), activities: { embedChunks }, ...versioned }),
    create({
      taskQueue: webhookQueue(taskQueue),
      activities: { deliverWebhook },
      maxConcurrentActivityTaskExecutions: Math.min(concurrency, WEBHOOKS_AT_ONCE),
      ...versioned,
    }),
    // Without a version: a queue that ends with its process is none that the next version would have to serve.
    // Extraction waits for a process that reads, not for a slot: a slot's wait would send the file to another worker.
    create({
      taskQueue: hostQueue,
      activities: { extractText },
      maxConcurrentActivityTaskExecutions: concurrency * 10,
    }),
  ])
}

/** Open runs move on to the version that is current: they may wait for a retry for days. Replay tests show that they can. */
const versioning = ({ version }: WorkersOptions): Pick<WorkerOptions, 'workerDeploymentOptions'> =>
  version
    ? { workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'AUTO_UPGRADE' } }
    : {}

const common = ({ connection, namespace, concurrency, shutdownGraceMs, tracing }: WorkersOptions) => {
  const metrics = new StageMetrics(Runtime.instance().metricMeter)
  const activity = [() => ({ inbound: metrics }), () => ({ inbound: new FailureInterceptor() })]
  return {
    connection,
    namespace,
    maxConcurrentActivityTaskExecutions: concurrency,
    shutdownGraceTime: shutdownGraceMs,
    // A cancellation only arrives in a heartbeat's reply, so they are sent every few seconds.
    maxHeartbeatThrottleInterval: '2s',
    // After a worker's death its workflows move on that much sooner.
    stickyQueueScheduleToStartTimeout: '5s',
    interceptors: { activity: tracing ? [tracing.activity, ...activity] : activity },
    ...(tracing && { sinks: tracing.sinks }),
  } satisfies Partial<WorkerOptions>
}

/** Runs until one of them fails or all have been shut down; when one fails, the others are shut down too. */
export async function runWorkers(workers: readonly Worker[]): Promise<void> {
  await Promise.all(
    workers.map((worker) =>
      worker.run().catch((error) => {
        shutdownWorkers(workers)
        throw error
      }),
    ),
  )
}

export function shutdownWorkers(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
}
