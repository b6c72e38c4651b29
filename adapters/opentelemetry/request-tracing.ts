import type { Tracer } from '@opentelemetry/api'
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { AnsweredRequest, IncomingRequest, RequestTracing, TracedRequest } from '../../domain/request-tracing.ts'
import { contextOf } from './spans.ts'

/** A span for each request, named after its route, with the attributes of OpenTelemetry's conventions for HTTP. */
export class OpenTelemetryRequests implements RequestTracing {
  readonly #tracer: Tracer

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  begin({ method, route, requestId, traceparent }: IncomingRequest): TracedRequest {
    const parent = traceparent === undefined ? ROOT_CONTEXT : contextOf(traceparent)
    const attributes = {
      'http.request.method': method,
      'http.route': route,
      'expertsmith.request_id': requestId,
    }
    const span = this.#tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, parent)
    const own = trace.setSpan(parent, span)
    return {
      run: (next) => context.with(own, next),
      end: ({ status, code, userId }: AnsweredRequest) => {
        span.setAttribute('http.response.status_code', status)
        if (userId) span.setAttribute('expertsmith.user_id', userId)
        if (code) span.setAttribute('error.type', code)
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      },
    }
  }
}
