/** Every error of the API that is not a file's failure. `docs/failure-codes.md` is checked against this table. */
export const PROBLEMS = {
  VALIDATION_FAILED: [400, 'The request is not what this route takes.'],
  INVALID_CURSOR: [
    400,
    'The cursor is not one that this API gave out. Use next_cursor of the page before, or leave it out.',
  ],
  FILE_PART_MISSING: [
    400,
    'The request holds no file. Send it as multipart/form-data, in a part named "file" with a file name.',
  ],
  UPLOAD_ABORTED: [400, 'The upload ended before the file did. Nothing was kept; send it again.'],
  MALFORMED_REQUEST: [400, 'The bytes that came are no request of HTTP/1.1. Nothing was done.'],
  UNAUTHENTICATED: [401, 'The request has no API key that may be used. Send one as "Authorization: Bearer esk_…".'],
  SCOPE_MISSING: [403, 'The API key may not do this.'],
  HOST_NOT_ALLOWED: [
    403,
    'Without API keys only this machine is answered, by its own name. Make a key with npm run expertsmith -- keys create.',
  ],
  QUOTA_EXCEEDED: [
    403,
    'The quota has no room for this file. Delete files that are not needed, abort direct uploads that are open, or have the quota raised.',
  ],
  NOT_FOUND: [404, 'There is nothing at this address.'],
  FILE_NOT_FOUND: [404, 'There is no such file.'],
  EXPERT_NOT_FOUND: [404, 'There is no such expert.'],
  KEY_NOT_FOUND: [404, 'There is no such API key.'],
  REINDEX_NOT_FOUND: [404, 'This expert was never re-indexed.'],
  UPLOAD_NOT_FOUND: [404, 'There is no such upload.'],
  METHOD_NOT_ALLOWED: [405, 'This address does not take this method.'],
  REQUEST_TIMEOUT: [
    408,
    'The request took too long to come: longer than a minute, or, of an upload, than REQUEST_TIMEOUT. Nothing was kept.',
  ],
  CONTENT_MISSING: [
    409,
    'The bytes of this file were not kept. Send them again with PUT /knowledge-base/files/{id}/content.',
  ],
  FILE_IN_USE: [
    409,
    'Experts use this file. Delete them first, or delete it with ?cascade=true, which takes it out of them.',
  ],
  FILE_BEING_DELETED: [409, 'This file is being deleted.'],
  EXPERT_BEING_DELETED: [409, 'This expert is being deleted.'],
  EMBEDDING_MODEL_MISMATCH: [
    409,
    'An expert keeps the embedding model that it was made with, and the one that is needed is not available here. Set it up, or re-index the expert with one that is (POST /experts/{id}/reindex), then retry.',
  ],
  REINDEX_UNDER_WAY: [
    409,
    'This expert is being re-indexed. Wait for its end, or end it: cancel before it switches, finish or roll back after that.',
  ],
  REINDEX_NOT_NEEDED: [
    409,
    'The expert has this model and these chunks already. Ask for other ones, or send force to make its vectors anew all the same.',
  ],
  REINDEX_NOT_NOW: [409, 'As the re-index stands, this cannot be asked of it.'],
  FIRST_KEY_NEEDS_ADMIN: [
    409,
    'The first API key needs the scope admin: from then on every request needs a key, and nobody could make another.',
  ],
  REQUEST_UNDER_WAY: [
    409,
    'A request with this Idempotency-Key is under way. Send it again after the time in Retry-After.',
  ],
  API_KEY_ALREADY_MADE: [
    409,
    'An earlier request with this Idempotency-Key made the API key, which was shown then, once. If that answer was lost, revoke it and make another.',
  ],
  CALLBACK_NOT_SET: [409, 'This expert has no callback_url. Give it one with PATCH /experts/{id}.'],
  UPLOAD_INCOMPLETE: [409, 'Not all parts have come. Send those that are missing, then complete it again.'],
  UPLOAD_BUSY: [
    409,
    'Another request is completing or aborting this upload. Send it again after the time in Retry-After.',
  ],
  UPLOAD_COMPLETED: [409, 'The upload is complete, so it cannot be aborted. Delete its file instead.'],
  DIRECT_UPLOADS_UNAVAILABLE: [
    409,
    'Here clients cannot send files to the object store themselves, which takes S3 (S3_BUCKET_NAME and the other S3 variables). Send the file to POST /knowledge-base/upload.',
  ],
  UPLOAD_ENDED: [410, 'The upload was aborted, or its time is over. Nothing of it is kept; begin another one.'],
  PRECONDITION_FAILED: [412, 'The expert was changed since. Get it again, and send its new ETag in If-Match.'],
  UPLOAD_TOO_LARGE: [413, 'The file is larger than this installation takes.'],
  BODY_TOO_LARGE: [413, 'The request body is larger than this route takes.'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'The request body has a content type that this route does not take.'],
  UNKNOWN_FILES: [422, 'Some of the files do not exist. Upload them first and use the ids of the answers.'],
  CHAT_NO_ROOM: [
    422,
    'The system prompt of the expert and the message leave no room for a passage. Shorten them, or raise CHAT_CONTEXT_TOKENS.',
  ],
  IDEMPOTENCY_KEY_REUSED: [
    422,
    'This Idempotency-Key came with another request before. Use a new one for each request that is not a repeat.',
  ],
  CALLBACK_URL_NOT_ALLOWED: [422, 'Nothing may be sent to this callback_url.'],
  UPLOAD_MISMATCH: [422, 'What came is not what was promised. Nothing of it is kept; begin another upload.'],
  TOO_MANY_REQUESTS: [429, 'There were too many requests in a minute. Try again after the time in Retry-After.'],
  TOKEN_QUOTA_EXHAUSTED: [
    429,
    'The tokens of the day are used up. They are counted anew from 00:00 UTC; try again after the time in Retry-After.',
  ],
  HEADERS_TOO_LARGE: [431, 'The headers of the request are larger than 16 KB.'],
  INTERNAL: [500, 'An unexpected error, which is a fault of Expertsmith. The log of the API has the details.'],
  CHAT_NOT_CONFIGURED: [
    501,
    'No language model is configured, so experts can be searched but not asked. Set OPENAI_API_KEY, or CHAT_API_KEY.',
  ],
  CHAT_AUTH: [
    502,
    'The service of the language model refused the API key or the model. Correct OPENAI_API_KEY, or CHAT_API_KEY, and CHAT_MODEL.',
  ],
  CHAT_QUOTA_EXHAUSTED: [502, 'The quota of the language model is used up. Raise it.'],
  CHAT_REJECTED: [502, 'The language model refused the request.'],
  CHAT_RATE_LIMITED: [503, 'The language model limits its rate. Try again after the time in Retry-After.'],
  CHAT_UNAVAILABLE: [503, 'The language model did not answer as it should. Try again shortly.'],
  API_STOPPING: [503, 'The API is being stopped, and the answer was not finished. Ask again shortly.'],
  TEMPORAL_UNAVAILABLE: [
    503,
    'Temporal does not answer, so no work can be started. Nothing was changed; try again shortly.',
  ],
  DATABASE_UNAVAILABLE: [503, 'The database does not answer. Try again shortly.'],
} as const satisfies Record<string, readonly [status: number, sentence: string]>

export type ProblemCode = keyof typeof PROBLEMS

type Extra = Readonly<Record<string, unknown>>

/** An error that the client is told of, as RFC 9457 has it. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly status: number
  readonly extra: Extra

  constructor(code: ProblemCode, options: { detail?: string; extra?: Extra; cause?: unknown } = {}) {
    const [status, sentence] = PROBLEMS[code]
    super(options.detail ? `${sentence} ${options.detail}` : sentence, { cause: options.cause })
    this.code = code
    this.status = status
    this.extra = options.extra ?? {}
  }
}
