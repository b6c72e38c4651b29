/** Under which name a trace travels in Temporal's headers: that of Temporal's own interceptors, so that other clients go along. */
export const TRACE_HEADER = '_tracer-data'

/** What a span leaves behind for those that it causes, as W3C's `traceparent` has it. */
export type TraceContext = { readonly traceId: string; readonly spanId: string; readonly isSampled: boolean }

/** What a workflow says of itself when it has ended. `causedBy`: a `traceparent`, as `own` is. */
export type EndedRun = { readonly own: string; readonly causedBy: string; readonly failed: boolean }

const TRACEPARENT = /^00-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-[0-9a-f](?<flags>[0-9a-f])$/

/** Undefined where it is none, or not one that we understand. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  const { traceId, spanId, flags } = (typeof text === 'string' && TRACEPARENT.exec(text)?.groups) || {}
  if (!traceId || !spanId || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: Number.parseInt(flags ?? '0', 16) % 2 === 1 }
}

export const formatTraceparent = ({ traceId, spanId, isSampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-0${isSampled ? 1 : 0}`

/** The span of a workflow's run: the same whenever it is asked for, also when the run is replayed. */
export const spanOfRun = (runId: string): string => runId.replaceAll('-', '').slice(-16)
