import type { HrTime } from '@opentelemetry/api'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { WorkflowInfo } from '@temporalio/workflow'
import type { EndedRun } from '../../domain/trace-context.ts'
import { parseTraceparent } from '../../domain/trace-context.ts'
import { toSpanContext } from './spans.ts'

/** The span of a whole run. Workflows have no clock and no chance of their own, so it is put together once they have ended. */
export function runSpan(
  { workflowType, workflowId, runId, runStartTime }: WorkflowInfo,
  { own, causedBy, failed }: EndedRun,
  resource: Resource,
): ReadableSpan | undefined {
  const [self, parent] = [parseTraceparent(own), parseTraceparent(causedBy)]
  if (!self || !parent) return undefined
  const now = Date.now()
  return {
    name: `RunWorkflow:${workflowType}`,
    kind: SpanKind.CONSUMER,
    spanContext: () => toSpanContext(self),
    parentSpanContext: toSpanContext(parent),
    startTime: toHrTime(runStartTime.getTime()),
    endTime: toHrTime(now),
    duration: toHrTime(Math.max(0, now - runStartTime.getTime())),
    ended: true,
    status: { code: failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: { 'temporal.workflow_id': workflowId, 'temporal.run_id': runId },
    ...{ links: [], events: [], droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
    instrumentationScope: { name: 'expertsmith' },
    resource,
  }
}

/** Seconds and nanoseconds. */
const toHrTime = (ms: number): HrTime => [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000]
