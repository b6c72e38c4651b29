import type { Attributes, Tracer } from '@opentelemetry/api'
import { SpanKind } from '@opentelemetry/api'
import type { Context as ActivityContext } from '@temporalio/activity'
import type {
  WorkflowClientInterceptor,
  WorkflowSignalInput,
  WorkflowSignalWithStartInput,
  WorkflowStartInput,
} from '@temporalio/client'
import type { Headers, Next } from '@temporalio/common'
import { defaultPayloadConverter } from '@temporalio/common'
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor } from '@temporalio/worker'
import { isUuid } from '../../domain/is-uuid.ts'
import { TRACE_HEADER } from '../../domain/trace-context.ts'
import { contextOf, inSpan, traceparentOf } from './spans.ts'

/** Names of spans are those of Temporal's own interceptors. */
export class ClientTracing implements WorkflowClientInterceptor {
  readonly #tracer: Tracer

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  startWithDetails(input: WorkflowStartInput, next: Next<WorkflowClientInterceptor, 'startWithDetails'>) {
    const attributes = { 'temporal.workflow_id': input.options.workflowId }
    return this.#call(`StartWorkflow:${input.workflowType}`, attributes, input, next)
  }

  signalWithStart(input: WorkflowSignalWithStartInput, next: Next<WorkflowClientInterceptor, 'signalWithStart'>) {
    const attributes = { 'temporal.workflow_id': input.options.workflowId }
    return this.#call(`SignalWithStartWorkflow:${input.signalName}`, attributes, input, next)
  }

  signal(input: WorkflowSignalInput, next: Next<WorkflowClientInterceptor, 'signal'>) {
    const attributes = { 'temporal.workflow_id': input.workflowExecution.workflowId }
    return this.#call(`SignalWorkflow:${input.signalName}`, attributes, input, next)
  }

  #call<I extends { readonly headers: Headers }, T>(
    name: string,
    attributes: Attributes,
    input: I,
    next: (input: I) => Promise<T>,
  ): Promise<T> {
    return inSpan(this.#tracer, { name, kind: SpanKind.PRODUCER, attributes }, (span) => {
      const trace = defaultPayloadConverter.toPayload({ traceparent: traceparentOf(span) })
      return next({ ...input, headers: { ...input.headers, [TRACE_HEADER]: trace } })
    })
  }
}

/** A span for each attempt of an activity, with the ids of what it works on. */
export class ActivityTracing implements ActivityInboundCallsInterceptor {
  readonly #tracer: Tracer
  readonly #info: ActivityContext['info']

  constructor(tracer: Tracer, { info }: ActivityContext) {
    this.#tracer = tracer
    this.#info = info
  }

  execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const { activityType, activityId, attempt, workflowExecution } = this.#info
    const attributes = {
      'temporal.activity_id': activityId,
      'temporal.attempt': attempt,
      ...(workflowExecution && { 'temporal.workflow_id': workflowExecution.workflowId }),
      ...(workflowExecution && { 'temporal.run_id': workflowExecution.runId }),
      ...idsIn(input.args[0]),
    }
    const options = {
      name: `RunActivity:${activityType}`,
      kind: SpanKind.CONSUMER,
      attributes,
      parent: contextOf(traceparentIn(input.headers)),
    }
    return inSpan(this.#tracer, options, () => next(input))
  }
}

function traceparentIn({ [TRACE_HEADER]: payload }: Headers): unknown {
  return payload && defaultPayloadConverter.fromPayload<{ traceparent?: unknown }>(payload).traceparent
}

/** Ids only: names of files, and whatever else an activity is given, are nobody's business here. */
function idsIn(input: unknown): Attributes {
  const { expertId, fileId } = (input ?? {}) as { expertId?: unknown; fileId?: unknown }
  return {
    ...(isUuid(expertId) && { 'expertsmith.expert_id': expertId }),
    ...(isUuid(fileId) && { 'expertsmith.file_id': fileId }),
  }
}
