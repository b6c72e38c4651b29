import type { Readable } from 'node:stream'
import type { ApiKey } from './api-key.ts'
import type { ChatUsage } from './chat-usage.ts'
import type { Chunk, Page } from './chunk.ts'
import type { DocumentType } from './document-type.ts'
import type { Expert, ExpertFile, ExpertFileStatus, ExpertStatus, ExpertSummary, Progress } from './expert.ts'
import type { FailureCode, Stage } from './failure.ts'
import type { ProcessingStatus, StoredFile } from './file.ts'
import type { ExpertNamespace } from './keys.ts'
import type { ReindexStatus } from './reindex.ts'
import type { Callback } from './webhook.ts'

export type CallOptions = { readonly signal?: AbortSignal | undefined }

export type StoredObject = { readonly key: string; readonly size: number; readonly modified: Date }

/** An upload that was begun and has not ended: of a client that is still at it, or of one that died. */
export type UnfinishedUpload = {
  readonly key: string
  readonly id: string
  /** When it began, or, where the store knows that, when the last bytes came. */
  readonly since: Date
}

/** Keeps bytes under keys. Every write is whole or not there, and an overwrite. */
export interface ObjectStore {
  readonly name: string
  /** @throws Failure STORAGE_NOT_CONFIGURED, STORAGE_UNAVAILABLE, OBJECT_ACCESS_DENIED */
  upload(key: string, body: Readable | Uint8Array, options?: CallOptions & { contentType?: string }): Promise<void>
  /** @throws Failure OBJECT_MISSING, OBJECT_ACCESS_DENIED, STORAGE_NOT_CONFIGURED, STORAGE_UNAVAILABLE */
  download(key: string, options?: CallOptions): Promise<Readable>
  /** Size in bytes, or undefined where there is no such object. */
  size(key: string, options?: CallOptions): Promise<number | undefined>
  /** Deleting what is not there is a success. */
  delete(key: string, options?: CallOptions): Promise<void>
  /** The objects whose keys begin with `prefix`, in no particular order; page by page, so that there may be any number of them. */
  list(prefix: string, options?: CallOptions): AsyncIterable<StoredObject>
  /** The unfinished uploads to keys that begin with `prefix`, page by page. */
  unfinishedUploads(prefix: string, options?: CallOptions): AsyncIterable<UnfinishedUpload>
  /** Discards the bytes of an unfinished upload. Aborting what has ended is a success and changes nothing. */
  abortUpload(upload: UnfinishedUpload, options?: CallOptions): Promise<void>
  /** A URL of the object, or undefined where the store has none and the API must serve it. */
  urlOf(key: string): string | undefined
  /** Resolves when the store can be used. @throws Failure that says why not */
  check(options?: CallOptions): Promise<void>
}

/** What a file says of itself, or can be told of its text. */
export type FileMetadata = {
  readonly documentType: DocumentType
  readonly pageCount: number
  readonly wordCount: number
  /** ISO 639-1; `und` where it cannot be told. */
  readonly language: string
  readonly title: string | null
  readonly author: string | null
}

export type ExtractedText = Omit<FileMetadata, 'pageCount'> & {
  readonly pages: readonly Page[]
  /** Pages, or parts, that are damaged: their text is missing. At least so many, where a file breaks off. */
  readonly pagesSkipped: number
}

export type ExtractOptions = CallOptions & {
  /** Files of different keys take turns where more wait than can be read at once. */
  readonly fairnessKey?: string
}

export interface TextExtractor {
  /** Changes whenever the same bytes would give another text. */
  readonly version: string
  /**
   * Reads the text of the file at `path`, page by page.
   * @throws Failure UNSUPPORTED_TYPE, ENCRYPTED, CORRUPT, NO_TEXT, TOO_LARGE, EXTRACTION_TIMEOUT, EXTRACTION_CRASHED
   */
  extract(path: string, options?: ExtractOptions): Promise<ExtractedText>
  close(): Promise<void>
}

export type EmbedOptions = CallOptions & {
  /** Of each text, as `countTokens` counts them, where the caller knows. */
  readonly tokens?: readonly number[]
}

export interface Embedder {
  readonly model: string
  /** Whether texts of the same meaning are near each other, or only those with the same words. */
  readonly isSemantic: boolean
  /** The length of each vector. */
  readonly dimensions: number
  /** What one call of `embed` may hold at the most. */
  readonly limits: { readonly inputs: number; readonly tokensPerInput: number; readonly tokensPerCall: number }
  countTokens(text: string): number
  /**
   * One vector of length 1 (Euclidean) per text, in their order. Texts are not empty.
   * @throws Failure EMBEDDING_RATE_LIMITED, EMBEDDING_UNAVAILABLE, EMBEDDING_QUOTA_EXHAUSTED, EMBEDDING_AUTH, EMBEDDING_REJECTED
   */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]>
  /** Ends what it has started. */
  close?(): Promise<void>
}

export type ChatMessage = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }

/** `isCutOff`: it was longer than what may be written. `isFiltered`: the service would not let it go on. */
export type ChatEnd = {
  readonly isCutOff: boolean
  readonly isFiltered?: boolean
  readonly usage: ChatUsage | undefined
}

/** A language model that answers while it writes. */
export interface ChatModel {
  readonly model: string
  countTokens(text: string): number
  /** The answer in pieces, and at last how it ended. Returning early, or the signal, ends the request. @throws ChatFailure */
  stream(messages: readonly ChatMessage[], options?: CallOptions): AsyncIterable<string | ChatEnd>
}

/** What a request for embeddings uses up of the service's limits. */
export type EmbeddingCost = { readonly requests: number; readonly tokens: number }

/** A limit that all workers share. */
export interface RateLimit {
  /** Takes what the request costs, now. @returns how many milliseconds to wait before it may be sent */
  reserve(cost: EmbeddingCost): Promise<number>
}

/** `holder`: a UUID of whoever works now; another attempt is another holder. */
export type Lease = { readonly name: string; readonly holder: string }

/** Leases on work that is to be done once, by whoever comes first. */
export interface LeaseStore {
  /** Takes or renews the lease for so long. @returns whether it is the holder's now */
  acquire(lease: Lease, milliseconds: number): Promise<boolean>
  /** Releasing a lease that is another's, or nobody's, changes nothing. */
  release(lease: Lease): Promise<void>
}

export type VectorRecord = {
  /** `chunkId(fileId, chunk.index)` */
  readonly id: string
  readonly fileId: string
  readonly chunk: Chunk
  /** Of length 1, as embedders give it. */
  readonly vector: Float32Array
}

export type VectorMatch = {
  readonly fileId: string
  readonly chunk: Chunk
  /** Cosine similarity, from -1 to 1. */
  readonly score: number
}

/** Pages from 1 on, both ends included. */
type PageRange = { readonly from?: number | undefined; readonly to?: number | undefined }

/** `fileIds`: any number of them, and none of a file where it is empty. `pages`: chunks that stand at least in part on one of these. */
export type VectorFilter = {
  readonly fileIds?: readonly string[] | undefined
  readonly pages?: PageRange | undefined
}

export type VectorQuery = VectorFilter & { readonly topK: number }

/** `withNearest`: what is near the vector too, not only what has the words. */
export type KeywordQuery = VectorQuery & { readonly text: string; readonly withNearest: boolean }

export type Candidate = VectorMatch & {
  /** BM25, above 0; null where it has none of the words, or `topK` others have more of them. */
  readonly keywordScore: number | null
  /** The share of the question's words that it has, from 0 to 1; 0 without `keywordScore`, and where the question is one word. */
  readonly coverage: number
}

/**
 * Vectors by namespace. Methods other than the queries are idempotent. All throw Failure VECTOR_STORE_UNAVAILABLE, VECTOR_STORE_AUTH or
 * DIMENSION_MISMATCH; `upsert`, the queries and `check` also VECTOR_INDEX_MISSING, where vectors were stored and the index is gone.
 */
export interface VectorStore {
  readonly name: string
  /** Writes the records, over those with the same ids. Any number of them: the store makes batches that its limits allow. */
  upsert(namespace: string, records: readonly VectorRecord[], options?: CallOptions): Promise<void>
  /** Best first; fewer than `topK` where the store cannot answer with so much. A namespace that does not exist has no matches. */
  query(namespace: string, vector: Float32Array, query: VectorQuery, options?: CallOptions): Promise<VectorMatch[]>
  /**
   * The `topK` best by words, and with `withNearest` the `topK` best by the vector as well, each once and in no particular order.
   * A store without an index of words looks for them among the `topK` nearest. The text is a person's: nothing in it is syntax.
   */
  candidates(namespace: string, vector: Float32Array, query: KeywordQuery, options?: CallOptions): Promise<Candidate[]>
  /** Removes chunks `0 … chunks-1` of a file; exact even where listings lag behind, since ids are deterministic. */
  deleteFile(namespace: string, fileId: string, chunks: number, options?: CallOptions): Promise<void>
  deleteNamespace(namespace: string, options?: CallOptions): Promise<void>
  count(namespace: string, options?: CallOptions): Promise<number>
  /** Whether the store shows a vector of the file. */
  hasFile(namespace: string, fileId: string, options?: CallOptions): Promise<boolean>
  /** The names of all namespaces, also of those that others made in a store that is shared; page by page. */
  namespaces(options?: CallOptions): AsyncIterable<string>
  /** Resolves when the store can be used, with what a person may want to know of it. Makes nothing. */
  check(options?: CallOptions): Promise<string>
  close(): Promise<void>
}

export type PageOf<T> = { readonly items: readonly T[]; readonly nextCursor: string | null }
export type PageRequest = { readonly limit: number; readonly cursor?: string | undefined }

export type NewFile = Pick<
  StoredFile,
  'id' | 'userId' | 'name' | 'originalName' | 'size' | 'type' | 's3Url' | 's3Key' | 'sha256' | 'processingStatus'
>
export type NewContent = Pick<StoredFile, 'size' | 'type' | 's3Url' | 's3Key' | 'sha256' | 'processingStatus'>

/** `isLeaving`: the file is being taken out of it. */
export type ExpertUsing = Pick<Expert, 'id' | 'userId' | 'name' | 'status' | 'progress'> & {
  readonly isLeaving: boolean
}

/** Metadata of uploaded files. The methods that activities use, which have no user, say so; all others are scoped to one. */
export interface FileStore {
  insert(file: NewFile): Promise<StoredFile>
  find(userId: string, fileId: string): Promise<StoredFile | undefined>
  list(userId: string, page: PageRequest): Promise<PageOf<StoredFile>>
  /** Of the given ids those that are not the user's files, or are being deleted. */
  unknown(userId: string, fileIds: readonly string[]): Promise<string[]>
  /** Points the file to new content; the caller deletes the old object afterwards. Undefined where it is gone or on its way. */
  replaceContent(userId: string, fileId: string, content: NewContent): Promise<StoredFile | undefined>
  /** Deletes the row unless an expert uses it. */
  delete(
    userId: string,
    fileId: string,
  ): Promise<{ deleted: boolean; experts: readonly { id: string; name: string }[] }>
  /** A file that is `deleting` is taken up by no expert. */
  setProcessingStatus(userId: string, fileId: string, status: ProcessingStatus): Promise<void>
  /** The experts that use a file, whoever asks; for the workflow, which has no user. */
  expertsUsing(fileId: string): Promise<ExpertUsing[]>
  /** Keeps the checksum that was taken of the bytes under `s3Key`. @returns false where they are not the file's any more */
  keepChecksum(fileId: string, s3Key: string, sha256: string): Promise<boolean>
  /** Fills in what extraction found out in those bytes, unless the file has others by now. */
  describe(fileId: string, sha256: string, metadata: FileMetadata): Promise<void>
}

export type NewExpert = Pick<
  Expert,
  'id' | 'userId' | 'name' | 'systemPrompt' | 'voiceId' | 'embeddingModel' | 'embeddingDimensions'
> &
  Partial<Pick<Expert, 'embeddingProvider' | 'embeddingReason' | 'chunking'>> & {
    readonly callback?: Callback | undefined
  }
/** What is given is changed; `versions`: only while the expert has one of them. */
export type ExpertEdit = Partial<Pick<Expert, 'name' | 'systemPrompt' | 'voiceId'>> & {
  /** Null: none any more. The secret is for an expert that has none. */
  readonly callback?: Callback | null | undefined
  readonly versions?: readonly number[] | undefined
}
export type FileInExpert = { readonly name: string; readonly documentType: string | null }

/** A list that is not given lets every file pass. */
export type FileFilter = {
  readonly fileIds?: readonly string[] | undefined
  readonly documentTypes?: readonly DocumentType[] | undefined
  readonly languages?: readonly string[] | undefined
}
type PendingFile = { readonly fileId: string; readonly name: string; readonly turn?: string | undefined }
export type PendingPage = { readonly files: readonly PendingFile[]; readonly last: string }

/** Experts as their owner sees them; every method is scoped to one user. */
export interface ExpertStore {
  /** The expert and its files, all pending, in one transaction. */
  insert(expert: NewExpert, fileIds: readonly string[]): Promise<Expert>
  find(userId: string, expertId: string): Promise<Expert | undefined>
  /** Without counting its files, which takes long where there are many. */
  findToAsk(userId: string, expertId: string): Promise<ExpertToAsk | undefined>
  /** `name`: those only that have it, letter for letter. */
  list(userId: string, page: PageRequest & { readonly name?: string | undefined }): Promise<PageOf<Expert>>
  listFiles(
    userId: string,
    expertId: string,
    page: PageRequest & { status?: ExpertFileStatus | undefined },
  ): Promise<PageOf<ExpertFile>>
  hasFile(userId: string, expertId: string, fileId: string): Promise<boolean>
  /** Undefined where nothing was changed: the expert is gone, on its way, or has another version. */
  edit(userId: string, expertId: string, edit: ExpertEdit): Promise<Expert | undefined>
  /** Of the expert's indexed files those that all given lists have, `limit` of them at the most. */
  indexedFileIds(userId: string, expertId: string, filter: FileFilter, limit: number): Promise<string[]>
  /** By their ids, of the files in `filter.fileIds` those that are indexed in the expert, and that all other lists have. */
  indexedFiles(
    userId: string,
    expertId: string,
    filter: FileFilter & { readonly fileIds: readonly string[] },
  ): Promise<Map<string, FileInExpert>>
  /** Undoes `insert`, for an expert whose workflow could not be started. */
  discard(userId: string, expertId: string): Promise<void>
  /** Sets the status, if it is one of `from`. @returns the status before, or undefined where nothing was changed */
  changeStatus(
    userId: string,
    expertId: string,
    change: { readonly from: readonly ExpertStatus[]; readonly to: ExpertStatus },
  ): Promise<ExpertStatus | undefined>
}

/** A file as it is now. `changedBy`: the transaction that made it so; later ones have larger numbers. */
export type ChangedFile = Pick<ExpertFile, 'fileId' | 'name' | 'status' | 'stage' | 'code' | 'message'> & {
  readonly changedBy: number
}

export type ExpertLook = Pick<Expert, 'status' | 'statusReason' | 'summary' | 'progress'> & {
  /** When the pass ended that the summary is of. */
  readonly summarizedAt: Date | null
  /** In the pass that runs, lately; 0 where none does. */
  readonly filesPerSecond: number
  /** All that this look did not see has a `changedBy` of at least this. */
  readonly cursor: number
  /** Those that were changed by `since` or later; none without it. */
  readonly files: readonly ChangedFile[]
}

/** How an expert stands, and what has changed of it. */
export interface ProgressStore {
  look(userId: string, expertId: string, since?: number): Promise<ExpertLook | undefined>
}

/** Tells that experts change, whoever changes them. */
export interface ExpertChanges {
  /** Calls back after each change of the expert, and whenever one may have been missed. @returns what ends it */
  subscribe(expertId: string, onChange: () => void): () => void
  close(): Promise<void>
}

/** What the stages of a file need to know of its expert. */
export type ExpertFacts = Pick<
  Expert,
  'id' | 'userId' | 'status' | 'generation' | 'embeddingModel' | 'embeddingDimensions' | 'chunking'
>

/** What it takes to search an expert, and to answer for it. */
export type ExpertToSearch = Pick<Expert, 'id' | 'userId' | 'generation' | 'embeddingModel' | 'embeddingDimensions'>
export type ExpertToAsk = ExpertToSearch &
  Pick<Expert, 'status' | 'systemPrompt'> & { readonly hasIndexedFiles: boolean }

export type FileContext = {
  readonly expertId: string
  readonly fileId: string
  /**
   * The file's turn for which somebody works on it: once the file has another one, nothing is changed for this one any more.
   * Absent in what an older worker began, which is not checked.
   */
  readonly turn?: string | undefined
  /** The generation for which it is worked on, where that is built beside the one that serves; absent: the one that serves. */
  readonly build?: number | undefined
}

export type FileFailure = {
  readonly stage: Stage
  readonly code: FailureCode
  readonly message: string
}

/** What the stages of one file read and write. */
export interface FileRuns {
  /** Marks the stage as begun; undefined where the file is not, or no longer, to be processed. */
  beginStage(file: FileContext, stage: Stage, attempt: number): Promise<BegunStage | undefined>
  /** Whether this attempt is still the one that works on the file: it was neither cancelled nor replaced. */
  isCurrent(file: FileContext, stage: Stage, attempt: number): Promise<boolean>
  /** Before the first vector is written: so many chunks may exist from now on. Returns how many may have existed before. */
  expectChunks(file: FileContext, chunks: number): Promise<number>
  /**
   * After vectors were written that nobody may have waited for. Where the file is worked on or indexed, in whatever turn, so
   * many chunks are expected of it from now on. @returns false where it is not, so that they have to go
   */
  accountFor(file: FileContext, chunks: number): Promise<boolean>
  /** Whether this turn has indexed the file. */
  isIndexed(file: FileContext): Promise<boolean>
  /** How many chunks of a file that is not done may be in the vector store. */
  possibleChunks(file: FileContext): Promise<number>
  /**
   * @returns false where the file is not in processing any more: nothing was changed
   * @throws Failure EXPERT_REINDEXED where another generation serves by now than the one that was written
   */
  markIndexed(file: FileContext, result: IndexedFile): Promise<boolean>
  /** @returns the S3 key of the file, for the log */
  markFailed(file: FileContext, failure: FileFailure): Promise<string | undefined>
  /** Hands a file back that could not be processed for a fault of the system's. */
  postpone(file: FileContext): Promise<void>
}

/** What the workflow of one expert reads and writes; the workflow is the only writer of its expert's rows. */
export interface RunStore extends FileRuns {
  /** Begins a run: files that an earlier run left in processing are pending again, and the expert is in processing. */
  open(expertId: string): Promise<OpenedRun | undefined>
  find(expertId: string): Promise<ExpertFacts | undefined>
  setStatus(expertId: string, status: ExpertStatus, reason?: string): Promise<void>
  /** Pending files in their order, those behind position `after`; '0' for the first. */
  pendingFiles(expertId: string, after: string, limit: number): Promise<PendingPage>
  /** Makes files pending again: all failed and cancelled ones, or those among `fileIds`. Returns the progress after it. */
  requeue(expertId: string, fileIds?: readonly string[]): Promise<Progress>
  addFiles(expertId: string, fileIds: readonly string[]): Promise<Progress>
  /** From now on these files are neither processed nor searched. @returns those among them that are the expert's */
  markRemoving(expertId: string, fileIds: readonly string[]): Promise<string[]>
  /** Of these files, those that are being removed. */
  removing(expertId: string, fileIds: readonly string[]): Promise<RemovedFile[]>
  /** Takes the files that are being removed out of the expert. */
  detach(expertId: string, fileIds: readonly string[]): Promise<void>
  progress(expertId: string): Promise<Progress>
  /** Generations of its vectors: those that serve, or are built or kept beside it, and the number of the last that was ever begun. */
  generations(expertId: string): Promise<{ readonly live: number[]; readonly last: number }>
  /** Contents of the expert's files in the order of their checksums, those behind `after`; '' for the first. */
  contents(expertId: string, after: string, limit: number): Promise<string[]>
  /** Whether an expert has a file of this content, and neither of them is being removed. */
  isContentUsed(sha256: string): Promise<boolean>
  /** Files that are not done but may have vectors. */
  unfinishedWithVectors(expertId: string): Promise<FileContext[]>
  /** Cancels a file that is not done, once it has no vectors. */
  cancelFile(file: FileContext): Promise<void>
  /** Everything that is not done is cancelled. */
  cancelPending(expertId: string): Promise<void>
  /** Counts, writes and returns the summary of the pass that ended. */
  summarize(expertId: string, options?: { cancelled?: boolean }): Promise<ExpertSummary>
  /** How many files the expert has, with those that are being removed. */
  fileCount(expertId: string): Promise<number>
  /** Removes the expert's rows. */
  delete(expertId: string): Promise<void>
}

export type BegunStage = { readonly file: StoredFile; readonly expert: ExpertFacts }

export type OpenedRun = ExpertFacts & {
  readonly progress: Progress
  /** Files whose removal an earlier run did not finish. */
  readonly removing: readonly string[]
}

export type RemovedFile = {
  readonly fileId: string
  readonly name: string
  readonly sha256: string | null
  /** How many chunks of it may be in the vector store, in whichever generation. */
  readonly chunks: number
}

export type IndexedFile = {
  /** Of the expert's vectors, that was written. */
  readonly generation: number
  /** Of the bytes that the vectors were made of. */
  readonly sha256: string | undefined
  readonly pages: number
  readonly pagesSkipped: number
  readonly chunks: number
  readonly tokens: number
  /** Of `tokens`, those whose embeddings existed already. */
  readonly tokensReused: number
  /** `recipeName` of how it was embedded. */
  readonly recipe?: string
  readonly seconds: Readonly<Record<Stage, number>>
}

export type NewApiKey = Pick<ApiKey, 'id' | 'userId' | 'name' | 'prefix' | 'scopes' | 'expiresAt'> & {
  readonly hash: Buffer
}

/** Keys of all users: those who may see them have the scope `admin`. */
export interface ApiKeyStore {
  /** Undefined where there is one with this id. */
  insert(key: NewApiKey): Promise<ApiKey | undefined>
  /** The key with this hash, if it may be used; notes that it was. */
  findActive(hash: Buffer): Promise<ApiKey | undefined>
  list(page: PageRequest): Promise<PageOf<ApiKey>>
  /** @returns whether there is such a key */
  revoke(id: string): Promise<boolean>
  /** Whether there is one, or ever was. */
  hasAny(): Promise<boolean>
}

/** A request that makes something, as its client may send it again: `key` is the client's, `route` one of the API's. */
type RepeatableRequest = { readonly userId: string; readonly route: string; readonly key: string }

/** `holder`: a UUID of the one request that works on it now, for so many milliseconds. */
export type RequestHold = RepeatableRequest & { readonly holder: string; readonly milliseconds: number }

/** `fingerprint`: SHA-256 of what is asked for, where that is known; `resourceId`: for what is made, if this is the first. */
export type NewRequest = RequestHold & { readonly fingerprint?: string | undefined; readonly resourceId: string }

export type KeptAnswer = { readonly status: number; readonly location?: string; readonly body: unknown }

/** `isResumed`: an earlier request, which has not answered, may have made what has the id. */
export type BegunRequest =
  | { readonly state: 'begun'; readonly resourceId: string; readonly isResumed: boolean }
  | { readonly state: 'under way'; readonly fingerprint?: string }
  | { readonly state: 'answered'; readonly fingerprint: string; readonly answer: KeptAnswer }

/** Remembers for 24 hours what was made for which Idempotency-Key. Methods of a hold that was lost change nothing. */
export interface IdempotencyStore {
  /** Takes the key, unless it is held or answered, or was taken for something else. */
  begin(request: NewRequest): Promise<BegunRequest>
  renew(hold: RequestHold): Promise<void>
  keep(hold: RequestHold, fingerprint: string, answer: KeptAnswer): Promise<void>
  /** The next one with this key goes on where this one stopped. */
  letGo(hold: RequestHold): Promise<void>
  /** As if the key had never come: nothing was made. */
  forget(hold: RequestHold): Promise<void>
}

/** What housekeeping asks the rows before it touches anything. */
export interface HousekeepingStore {
  /** The id of this database, and so of the installation: it tells apart those that share a bucket. */
  installation(): Promise<string>
  /** Experts whose workflow ought to be running, unchanged since `before`: in the order of their ids, those behind `after`. */
  expertsInMotion(page: PageById): Promise<ExpertInMotion[]>
  /** The expert, if it is still one of `expertsInMotion`. */
  findInMotion(expertId: string, before: Date): Promise<Expert | undefined>
  /** Files that are marked for deletion, in the same way. */
  filesInDeletion(page: PageById): Promise<FileInDeletion[]>
  findInDeletion(fileId: string, before: Date): Promise<FileInDeletion | undefined>
  /** Re-indexes that are open, in the same way; an `id` is that of the expert, which has one at the most. */
  reindexesInMotion(page: PageById): Promise<ReindexInMotion[]>
  findReindexInMotion(expertId: string, before: Date): Promise<ReindexInMotion | undefined>
  /** Of these object keys those to which somebody may send parts, or of which a file is being made. */
  keysOfOpenUploads(keys: readonly string[]): Promise<string[]>
  /** Removes the rows of direct uploads whose time was over before then. @returns how many */
  forgetUploads(before: Date): Promise<number>
  /** Of these object keys those that no file points to, and none will. */
  keysWithoutFile(keys: readonly string[]): Promise<string[]>
  /** Of these checksums those that no file has, whoever's. */
  contentsWithoutFile(sha256s: readonly string[]): Promise<string[]>
  /** Names of the namespaces whose expert was deleted, or that neither serve nor are built or kept beside those that do, since `before`. */
  abandonedNamespaces(namespaces: readonly ExpertNamespace[], before: Date): Promise<string[]>
}

type PageById = { readonly before: Date; readonly after: string; readonly limit: number }
export type FileInDeletion = Pick<StoredFile, 'id' | 'userId' | 'originalName'>
export type ReindexInMotion = Pick<Expert, 'id' | 'userId' | 'name'> & {
  readonly generation: number
  readonly status: ReindexStatus
}
export type ExpertInMotion = Pick<Expert, 'id' | 'status'>
