import type { TelemetryOptions } from '@temporalio/worker'
import type { WorkerMetricsConfig } from '../config.ts'

const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800]

/** Names as Prometheus' conventions have them: durations in seconds, with units and `_total`. */
export function metricsOptions(config: WorkerMetricsConfig): NonNullable<TelemetryOptions['metrics']> {
  const shared = {
    useSecondsForDurations: true,
    histogramBucketOverrides: { expertsmith_stage_duration: SECONDS, expertsmith_embedding_duration: SECONDS },
  }
  if (config.kind === 'otlp') {
    const { url, headers, everyMs } = config
    return { otel: { ...shared, url, http: true, headers: { ...headers }, metricsExportInterval: everyMs } }
  }
  return {
    prometheus: { ...shared, bindAddress: config.address, countersTotalSuffix: true, unitSuffix: true },
    attachServiceName: false,
  }
}
