import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api'
import { context, isSpanContextValid, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { TraceContext } from '../../domain/trace-context.ts'
import { formatTraceparent, parseTraceparent } from '../../domain/trace-context.ts'

export type SpanOptions = {
  readonly name: string
  readonly kind?: SpanKind
  readonly attributes?: Attributes
  /** Unless it is what runs now. */
  readonly parent?: Context
}

/** Runs `work` in a span. Of what it throws the span tells the code only: messages may hold what a trace must not. */
export async function inSpan<T>(tracer: Tracer, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const { parent = context.active() } = options
  const span = begin(tracer, { ...options, parent })
  try {
    return await context.with(trace.setSpan(parent, span), () => work(span))
  } catch (error) {
    tellFailure(span, error)
    throw error
  } finally {
    span.end()
  }
}

/** What comes piece by piece in a span that lasts until the last one, or until nobody reads on. */
export function streamInSpan<T>(tracer: Tracer, options: SpanOptions, parts: AsyncIterable<T>): AsyncIterable<T> {
  const { parent = context.active() } = options
  return (async function* () {
    const span = begin(tracer, { ...options, parent })
    try {
      yield* parts
    } catch (error) {
      tellFailure(span, error)
      throw error
    } finally {
      span.end()
    }
  })()
}

const begin = (tracer: Tracer, { name, kind = SpanKind.INTERNAL, attributes = {}, parent }: SpanOptions): Span =>
  tracer.startSpan(name, { kind, attributes }, parent)

function tellFailure(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR })
  span.setAttribute('error.type', codeOf(error))
}

/** Of a Failure or a Problem its code, of Temporal's failures their type, which is the same; else the error's name. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code, type } = error as { code?: unknown; type?: unknown }
  const known = [code, type].find((each): each is string => typeof each === 'string' && /^[A-Z_0-9]+$/.test(each))
  return known ?? error.name
}

export const traceparentOf = (span: Span): string => {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return formatTraceparent({ traceId, spanId, isSampled: traceFlags % 2 === 1 })
}

export const toSpanContext = ({ traceId, spanId, isSampled }: TraceContext) => ({
  ...{ traceId, spanId },
  traceFlags: isSampled ? 1 : 0,
  isRemote: true,
})

/** What follows from that span; a new trace where there is none. */
export function contextOf(traceparent: unknown): Context {
  const parent = parseTraceparent(traceparent)
  return parent ? trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent)) : ROOT_CONTEXT
}

/** For lines of the log that are written now. */
export function traceFields(): { traceId?: string; spanId?: string } {
  const span = trace.getSpan(context.active())?.spanContext()
  return span && isSpanContextValid(span) ? { traceId: span.traceId, spanId: span.spanId } : {}
}
