export type ChatFailureCode =
  | 'CHAT_AUTH'
  | 'CHAT_QUOTA_EXHAUSTED'
  | 'CHAT_RATE_LIMITED'
  | 'CHAT_REJECTED'
  | 'CHAT_UNAVAILABLE'

type Options = {
  readonly cause?: unknown
  /** How long the service asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined
}

/** The language model gave no answer, or not all of it. `detail`: no text of a question or a document, and no secret. */
export class ChatFailure extends Error {
  override readonly name = 'ChatFailure'
  readonly code: ChatFailureCode
  readonly retryAfterMs: number | undefined

  constructor(code: ChatFailureCode, detail: string, { cause, retryAfterMs }: Options = {}) {
    super(detail, { cause })
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}
