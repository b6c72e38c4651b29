import { join } from 'node:path'
import { type ExtractionConfig, extraction } from './extraction.ts'
import { type HousekeepingConfig, housekeeping } from './housekeeping.ts'
import type { Reader } from './reader.ts'
import { fileDeadline, retryWindow, rollbackWindow } from './run-times.ts'
import { type Shared, shared } from './shared.ts'
import { type TracingConfig, tracing } from './tracing.ts'
import { type WorkerMetricsConfig, workerMetrics } from './worker-metrics.ts'

export type WorkerConfig = Shared & {
  readonly tracing: TracingConfig | undefined
  readonly metrics: WorkerMetricsConfig | undefined
  readonly scratchDir: string
  readonly extraction: ExtractionConfig
  readonly retryBudgetMs: number
  readonly retryWindowMs: number
  readonly rollbackWindowMs: number
  readonly fileDeadlineMs: number
  readonly concurrentActivities: number
  readonly shutdownGraceMs: number
  /** Of Temporal's worker deployments; undefined where no build id is given. */
  readonly version: { readonly deploymentName: string; readonly buildId: string } | undefined
  readonly housekeeping: HousekeepingConfig
}

export function worker(from: Reader): WorkerConfig {
  const common = shared(from)
  return {
    ...common,
    tracing: tracing(from, 'worker'),
    metrics: workerMetrics(from),
    scratchDir: from.path('SCRATCH_DIR', join(common.dataDir, 'scratch')),
    extraction: extraction(from),
    retryBudgetMs: from.duration('RETRY_BUDGET', '30m'),
    retryWindowMs: retryWindow(from),
    rollbackWindowMs: rollbackWindow(from),
    fileDeadlineMs: fileDeadline(from),
    concurrentActivities: from.integer('WORKER_CONCURRENCY', 50, { min: 1, max: 1_000 }),
    shutdownGraceMs: from.duration('SHUTDOWN_GRACE', '8s'),
    version: version(from),
    housekeeping: housekeeping(from),
  }
}

function version(from: Reader): WorkerConfig['version'] {
  const buildId = from.optional('WORKER_BUILD_ID')
  return buildId ? { deploymentName: from.text('WORKER_DEPLOYMENT', 'expertsmith'), buildId } : undefined
}
