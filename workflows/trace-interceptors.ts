import { defaultPayloadConverter } from '@temporalio/common'
import type {
  ActivityInput,
  ContinueAsNewInput,
  Headers,
  Next,
  SignalInput,
  SignalWorkflowInput,
  Sinks,
  StartChildWorkflowExecutionInput,
  WorkflowExecuteInput,
  WorkflowInboundCallsInterceptor,
  WorkflowInterceptorsFactory,
  WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow'
import { ContinueAsNew, isCancellation, proxySinks, workflowInfo } from '@temporalio/workflow'
import type { EndedRun } from '../domain/trace-context.ts'
import { formatTraceparent, parseTraceparent, spanOfRun, TRACE_HEADER } from '../domain/trace-context.ts'

/** What the worker does for workflows that are traced. */
export interface TraceSinks extends Sinks {
  traces: { runEnded(run: EndedRun): void }
}

type Inbound = WorkflowInboundCallsInterceptor
type Outbound = WorkflowOutboundCallsInterceptor

/** In the bundle of workers that trace, and in no other. */
export const interceptors: WorkflowInterceptorsFactory = () => {
  const run = new TracedRun()
  return { inbound: [run], outbound: [run] }
}

/**
 * Passes the trace of whoever started or signalled the workflow on to all that it causes. It awaits nothing, so that workflow
 * code runs in the very same steps with it as without: tracing may be switched on and off while runs are open.
 */
class TracedRun implements Inbound, Outbound {
  #startedBy: string | undefined
  /** The parent of what is scheduled next. */
  #current: string | undefined

  execute(input: WorkflowExecuteInput, next: Next<Inbound, 'execute'>): Promise<unknown> {
    this.#startedBy = traceIn(input.headers)
    const parent = parseTraceparent(this.#startedBy)
    this.#current = parent && formatTraceparent({ ...parent, spanId: spanOfRun(workflowInfo().runId) })
    const result = next(input)
    result.then(
      () => this.#end(false),
      (error: unknown) => this.#end(!(error instanceof ContinueAsNew || isCancellation(error))),
    )
    return result
  }

  /** From now on it works for whoever signalled. The signal that came with the start is the start's. */
  handleSignal(input: SignalInput, next: Next<Inbound, 'handleSignal'>): Promise<void> {
    const trace = traceIn(input.headers)
    if (trace !== undefined && trace !== this.#startedBy) this.#current = trace
    return next(input)
  }

  scheduleActivity(input: ActivityInput, next: Next<Outbound, 'scheduleActivity'>): Promise<unknown> {
    return next(this.#traced(input))
  }

  startChildWorkflowExecution(
    input: StartChildWorkflowExecutionInput,
    next: Next<Outbound, 'startChildWorkflowExecution'>,
  ): Promise<[Promise<string>, Promise<unknown>]> {
    return next(this.#traced(input))
  }

  signalWorkflow(input: SignalWorkflowInput, next: Next<Outbound, 'signalWorkflow'>): Promise<void> {
    return next(this.#traced(input))
  }

  continueAsNew(input: ContinueAsNewInput, next: Next<Outbound, 'continueAsNew'>): Promise<never> {
    return next(this.#traced(input))
  }

  #traced<T extends { readonly headers: Headers }>(input: T): T {
    if (this.#current === undefined) return input
    const trace = defaultPayloadConverter.toPayload({ traceparent: this.#current })
    return { ...input, headers: { ...input.headers, [TRACE_HEADER]: trace } }
  }

  #end(failed: boolean): void {
    const parent = parseTraceparent(this.#startedBy)
    if (!parent || this.#startedBy === undefined) return
    const own = formatTraceparent({ ...parent, spanId: spanOfRun(workflowInfo().runId) })
    proxySinks<TraceSinks>().traces.runEnded({ own, causedBy: this.#startedBy, failed })
  }
}

function traceIn({ [TRACE_HEADER]: payload }: Headers): string | undefined {
  const { traceparent } = payload ? defaultPayloadConverter.fromPayload<{ traceparent?: string }>(payload) : {}
  return parseTraceparent(traceparent) && traceparent
}
