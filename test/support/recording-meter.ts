import type { MetricMeter, MetricTags } from '@temporalio/common'
import { noopMetricMeter } from '@temporalio/common'

/** A meter that keeps the tags of whatever is recorded, by the name of the metric. */
export function recordingMeter() {
  const recorded: Record<string, MetricTags[]> = {}
  const record =
    (name: string) =>
    (_value: number, tags: MetricTags = {}) => {
      recorded[name] = [...(recorded[name] ?? []), tags]
    }
  const meter: MetricMeter = {
    createCounter: (name) => ({ ...noopMetricMeter.createCounter(name), add: record(name) }),
    createHistogram: (name) => ({ ...noopMetricMeter.createHistogram(name), record: record(name) }),
    createGauge: (name) => noopMetricMeter.createGauge(name),
    createUpDownCounter: (name) => noopMetricMeter.createUpDownCounter(name),
    withTags: () => meter,
  }
  return { meter, recorded }
}
