import type { Tracer } from '@opentelemetry/api'
import { context, DiagLogLevel, diag } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import type { Resource } from '@opentelemetry/resources'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { Sampler } from '@opentelemetry/sdk-trace'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Context as ActivityContext } from '@temporalio/activity'
import type { WorkflowInfo } from '@temporalio/workflow'
import type { TracingConfig } from '../../config.ts'
import type { EndedRun } from '../../domain/trace-context.ts'
import { OpenTelemetryRequests } from './request-tracing.ts'
import { runSpan } from './run-span.ts'
import { traceFields } from './spans.ts'
import type { TracedPorts } from './trace-port.ts'
import { tracePort } from './trace-port.ts'
import { ActivityTracing, ClientTracing } from './workflow-tracing.ts'

/** A collector that is away must not keep the process from ending. */
const CLOSE_LIMIT_MS = 2_000
const COMPLAIN_EVERY_MS = 60_000

/** Sends spans to a collector (OTLP over HTTP, protobuf): of requests, runs of workflows, activities, and calls of their ports. Once a process. */
export class Tracing {
  readonly requests: OpenTelemetryRequests
  readonly client: ClientTracing
  /** For lines of the log. */
  readonly logFields = traceFields
  readonly #tracer: Tracer
  readonly #provider: TracerProvider
  readonly #processor: BatchSpanProcessor
  readonly #resource: Resource

  constructor(config: TracingConfig) {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    this.#resource = resourceFromAttributes({ 'service.name': config.serviceName })
    const exporter = new OTLPTraceExporter({ url: config.url, headers: { ...config.headers } })
    this.#processor = new BatchSpanProcessor({ exporter, scheduledDelayMillis: config.batchDelayMs })
    this.#provider = new TracerProvider({
      resource: this.#resource,
      sampler: toSampler(config),
      spanProcessors: [this.#processor],
    })
    this.#tracer = this.#provider.getTracer('expertsmith')
    this.requests = new OpenTelemetryRequests(this.#tracer)
    this.client = new ClientTracing(this.#tracer)
  }

  /** Calls back, at most once a minute, where spans cannot be sent. */
  onFailure(complain: (reason: string) => void): void {
    let last = Number.NEGATIVE_INFINITY
    const error = (reason: string) => {
      if (performance.now() - last < COMPLAIN_EVERY_MS) return
      last = performance.now()
      complain(reason)
    }
    const ignore = () => undefined
    diag.setLogger({ error, warn: ignore, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.ERROR)
  }

  activity = (activity: ActivityContext) => ({
    inbound: new ActivityTracing(this.#tracer, activity),
    // The lines of activities are written later, when nobody knows any more what ran.
    outbound: {
      getLogAttributes: (fields: Record<string, unknown>, next: (fields: Record<string, unknown>) => typeof fields) =>
        next({ ...traceFields(), ...fields }),
    },
  })

  port<P extends keyof TracedPorts>(port: P, target: TracedPorts[P]): TracedPorts[P] {
    return tracePort(this.#tracer, port, target)
  }

  /** What workflows call that have ended. */
  get sinks() {
    const fn = (info: WorkflowInfo, run: EndedRun) => {
      const span = runSpan(info, run, this.#resource)
      if (span) this.#processor.onEnd(span)
    }
    return { traces: { runEnded: { fn, callDuringReplay: false } } }
  }

  /** Sends what is left. */
  async close(): Promise<void> {
    const sent = this.#provider.shutdown().catch(() => undefined)
    await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, CLOSE_LIMIT_MS).unref())])
  }
}

function toSampler({ sampler, ratio }: TracingConfig): Sampler {
  const root = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
  }[sampler.replace('parentbased_', '') as 'always_on']()
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}
