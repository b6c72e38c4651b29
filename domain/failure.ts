/** The stages of a file's way, in order. */
export const STAGES = ['download', 'extract', 'embed', 'store'] as const
export type Stage = (typeof STAGES)[number]

type FailureInfo = {
  /** Where it happens; `any` for those that can happen at every stage. */
  readonly stage: Stage | 'any'
  /** Whether Temporal tries again by itself, with back-off, until the stage's retry budget is used up. */
  readonly retryable: boolean
  /** The system's fault, not the file's: the expert pauses instead of failing its files one by one. */
  readonly pauses: boolean
  /** What happened and what to do, for a person. */
  readonly sentence: string
}

const file = (stage: FailureInfo['stage'], sentence: string): FailureInfo => ({
  stage,
  retryable: false,
  pauses: false,
  sentence,
})
const passing = (stage: Stage, sentence: string): FailureInfo => ({ stage, retryable: true, pauses: false, sentence })
const system = (stage: Stage, sentence: string): FailureInfo => ({ stage, retryable: false, pauses: true, sentence })

/** Every way in which a file can fail. `docs/failure-codes.md` is checked against this table. */
export const FAILURES = {
  OBJECT_MISSING: file('download', 'The stored object is gone. Upload the file again, then retry it.'),
  OBJECT_ACCESS_DENIED: file('download', 'The object store refused access to the object. Check its permissions.'),
  CONTENT_NOT_STORED: file(
    'download',
    'The file was uploaded while object storage was not available, so its bytes were not kept. Send them again with PUT /knowledge-base/files/{id}/content, then retry it.',
  ),
  STORAGE_NOT_CONFIGURED: system(
    'download',
    'Object storage is not configured, so no file can be read. Set the S3 variables, then retry.',
  ),
  STORAGE_AUTH: system(
    'download',
    'The object store refused the credentials. Correct S3_ACCESS_KEY_ID and S3_SECRET_KEY, then retry.',
  ),
  BUCKET_MISSING: system(
    'download',
    'The bucket does not exist. Correct S3_BUCKET_NAME and S3_REGION, or create it, then retry.',
  ),
  STORAGE_UNAVAILABLE: passing('download', 'The object store did not answer as it should.'),
  DISK_FULL: {
    stage: 'download',
    retryable: true,
    pauses: true,
    sentence:
      'The disk of the worker has no room for the file. Make room, or set SCRATCH_DIR to another one, then retry.',
  },
  OBJECT_CHANGED: file(
    'download',
    'The stored object is not the one that was uploaded: its checksum differs. Upload the file again, then retry it.',
  ),
  UNSUPPORTED_TYPE: file('extract', 'Text cannot be read from this kind of file.'),
  ENCRYPTED: file('extract', 'The file is protected by a password. Replace it by a copy without one, then retry it.'),
  CORRUPT: file(
    'extract',
    'The file is damaged and no text can be read from it. Replace it by a good copy, then retry it.',
  ),
  NO_TEXT: file('extract', 'No text was found in the file.'),
  TOO_LARGE: file('extract', 'The file is larger than the configured limits allow.'),
  EXTRACTION_TIMEOUT: file('extract', 'Reading the text took longer than the limit allows.'),
  EXTRACTION_CRASHED: file('extract', 'Reading the text crashed the extractor or used up its memory.'),
  EMBEDDING_RATE_LIMITED: passing('embed', 'The embedding service limits its rate.'),
  EMBEDDING_UNAVAILABLE: passing('embed', 'The embedding service did not answer as it should.'),
  EMBEDDING_QUOTA_EXHAUSTED: system('embed', 'The quota of the embedding service is used up. Raise it, then retry.'),
  TOKEN_QUOTA_EXHAUSTED: system(
    'embed',
    'The tokens of the day are used up, or held by other work that is about to use them. They are counted anew from 00:00 UTC: then the expert goes on by itself, before that once others leave some, or by a retry, once there are more.',
  ),
  EMBEDDING_AUTH: system('embed', 'The embedding service refused the API key. Correct OPENAI_API_KEY, then retry.'),
  EMBEDDING_MODEL_MISMATCH: system(
    'embed',
    'An expert keeps the embedding model that it was made with, and the one that is needed is not available here. Set it up, or re-index the expert with one that is (POST /experts/{id}/reindex), then retry.',
  ),
  EMBEDDING_REJECTED: file('embed', 'The embedding service refused the text.'),
  VECTOR_STORE_UNAVAILABLE: passing('store', 'The vector store did not answer as it should.'),
  VECTOR_STORE_AUTH: system('store', 'The vector store refused the API key. Correct PINECONE_API_KEY, then retry.'),
  DIMENSION_MISMATCH: system(
    'store',
    'The vectors have another length than the index. Use an index made for the embedding model, then retry.',
  ),
  VECTOR_INDEX_MISSING: system(
    'store',
    'The vector index is gone, and with it the vectors of all experts. Restore it, then retry.',
  ),
  EXPERT_REINDEXED: file(
    'any',
    'The expert got another embedding model or other chunks while the file was processed for those before. Retry it.',
  ),
  ARTEFACT_MISSING: file('any', 'What was read or embedded of the file was deleted before it was used. Retry it.'),
  DATABASE_UNAVAILABLE: {
    stage: 'any',
    retryable: true,
    pauses: true,
    sentence: 'The database does not answer. See to it that it does, then retry.',
  },
  DEADLINE_EXCEEDED: file('any', 'The file was not done within the time that a file may take. Retry it.'),
  CANCELLED: file('any', 'The work was cancelled before this file was done.'),
  INTERNAL: file('any', 'An unexpected error, which is a fault of Expertsmith. The log of the worker has the details.'),
} as const satisfies Record<string, FailureInfo>

export type FailureCode = keyof typeof FAILURES

export const isFailureCode = (code: unknown): code is FailureCode => typeof code === 'string' && code in FAILURES

type FailureOptions = {
  readonly cause?: unknown
  /** How long the server asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** What is particular to this case, appended to the code's sentence. Never document text, never a secret. */
  readonly detail?: string
}

/** An expected failure of one file: a code, a sentence for a person, fields for the log, and its cause. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: FailureCode
  readonly fields: Readonly<Record<string, unknown>>
  readonly retryAfterMs: number | undefined

  constructor(code: FailureCode, fields: Record<string, unknown> = {}, options: FailureOptions = {}) {
    const { sentence } = FAILURES[code]
    super(options.detail ? `${sentence} (${options.detail})` : sentence, { cause: options.cause })
    this.code = code
    this.fields = fields
    this.retryAfterMs = options.retryAfterMs
  }
}
