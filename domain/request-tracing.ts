export type IncomingRequest = {
  readonly method: string
  /** The template, such as `/experts/:id`. */
  readonly route: string
  readonly requestId: string
  /** Of a caller that is trusted to say which trace the request belongs to. */
  readonly traceparent?: string | undefined
}

export type AnsweredRequest = {
  readonly status: number
  readonly code?: string | undefined
  readonly userId?: string | undefined
}

export interface TracedRequest {
  /** Runs `next`, and what comes of it, as part of the request. */
  run(next: () => void): void
  end(answer: AnsweredRequest): void
}

/** Follows requests on their way through the system. */
export interface RequestTracing {
  begin(request: IncomingRequest): TracedRequest
}
