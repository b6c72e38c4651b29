import { AsyncLocalStorage } from 'node:async_hooks'
import type { Index } from '@pinecone-database/pinecone'
import { Errors, Pinecone } from '@pinecone-database/pinecone'
import { DatabaseUnavailable } from '../domain/database-unavailable.ts'
import { Failure } from '../domain/failure.ts'
import { inBatches } from '../domain/in-batches.ts'
import { chunkId, chunkIdPrefix } from '../domain/keys.ts'
import { lookForWords } from '../domain/keyword-scores.ts'
import type {
  CallOptions,
  Candidate,
  KeywordQuery,
  VectorMatch,
  VectorQuery,
  VectorRecord,
  VectorStore,
} from '../domain/ports.ts'
import type { ChunkFields } from './chunk-fields.ts'
import { toMatch } from './chunk-fields.ts'
import { toPineconeBatches } from './pinecone-batches.ts'
import { filtersOf } from './pinecone-filters.ts'
import { retryAfterMs } from './retry-after.ts'

export type PineconeOptions = {
  readonly apiKey: string
  readonly index: string
  readonly cloud: string
  readonly region: string
  /** The control plane's address, where it is not Pinecone's own. */
  readonly controllerHost?: string | undefined
  readonly dimensions: number
  /** Whether vectors are known to have been stored: then the index is there, or lost. */
  readonly isInUse: () => Promise<boolean>
}

/** What a request was told, besides its answer. */
type Call = { readonly signal: AbortSignal | undefined; status?: number; retryAfterMs?: number | undefined }

const READY_LIMIT_MS = 300_000
/** Requests, of one question. */
const PARTS_AT_ONCE = 4
/** Chunks of an answer, each with as much metadata as Pinecone keeps. */
const ALWAYS_FIT = 100
const IDS_PER_DELETE = 1_000
const NAMESPACES_PER_PAGE = 100

/** Vectors in one serverless index of Pinecone, a namespace per expert. The first vectors make it; once it was in use it is never made anew. */
export class PineconeVectorStore implements VectorStore {
  readonly name = 'Pinecone'
  readonly #options: PineconeOptions
  readonly #client: Pinecone
  readonly #calls = new AsyncLocalStorage<Call>()
  readonly #lookUp = shared(() => this.#describe())
  readonly #make = shared(() => this.#create())
  #host: string | undefined
  #hasWritten = false

  constructor(options: PineconeOptions) {
    this.#options = options
    this.#client = new Pinecone({
      apiKey: options.apiKey,
      ...(options.controllerHost && { controllerHostUrl: options.controllerHost }),
      // Temporal retries, with a back-off that can be seen and that heeds Retry-After.
      maxRetries: 0,
      fetchApi: (url, init) => this.#fetch(url, init),
    })
  }

  upsert(namespace: string, records: readonly VectorRecord[], options?: CallOptions): Promise<void> {
    return this.#call(options, async () => {
      for (const { vector } of records) this.#checkDimensions(vector.length, 'the vector')
      const index = this.#at(await this.#findOrMake(), namespace)
      for (const batch of toPineconeBatches(records)) {
        await index.upsert({ records: batch })
        this.#hasWritten = true
      }
    })
  }

  query(
    namespace: string,
    vector: Float32Array,
    { topK, fileIds, pages }: VectorQuery,
    options?: CallOptions,
  ): Promise<VectorMatch[]> {
    return this.#call(options, async () => {
      this.#checkDimensions(vector.length, 'the query')
      const host = await this.#find()
      if (host === undefined) return []
      const index = this.#at(host, namespace)
      const question = { vector: Array.from(vector), topK, includeMetadata: true }
      let best: VectorMatch[] = []
      for (const parts of inBatches(filtersOf({ fileIds, pages }), PARTS_AT_ONCE)) {
        const answers = await Promise.all(parts.map((part) => asMuchAsFits(index, { ...question, ...part })))
        best = answers
          .flatMap(({ matches }) => matches)
          .flatMap(({ metadata, score = 0 }) => (metadata ? [toMatch(metadata, score)] : []))
          .concat(best)
          .sort((a, b) => b.score - a.score)
          .slice(0, topK)
      }
      return best
    })
  }

  /** Words are looked for in what is nearest: an index of dense vectors knows of no words. */
  async candidates(
    namespace: string,
    vector: Float32Array,
    query: KeywordQuery,
    options?: CallOptions,
  ): Promise<Candidate[]> {
    return lookForWords(await this.query(namespace, vector, query, options), query)
  }

  /** By ids, which is exact: a listing may not show yet what was written a moment ago. */
  deleteFile(namespace: string, fileId: string, chunks: number, options?: CallOptions): Promise<void> {
    return this.#call(options, async () => {
      const index = await this.#whatIsLeft(namespace)
      if (!index) return
      for (let start = 0; start < chunks; start += IDS_PER_DELETE) {
        const length = Math.min(IDS_PER_DELETE, chunks - start)
        const ids = Array.from({ length }, (_, i) => chunkId(fileId, start + i))
        await unlessMissing(index.deleteMany({ ids }))
      }
    })
  }

  deleteNamespace(namespace: string, options?: CallOptions): Promise<void> {
    return this.#call(options, async () => {
      const index = await this.#whatIsLeft(namespace)
      if (index) await unlessMissing(index.deleteAll())
    })
  }

  count(namespace: string, options?: CallOptions): Promise<number> {
    return this.#call(options, async () => {
      const stats = await (await this.#whatIsLeft(namespace))?.describeIndexStats()
      return stats?.namespaces?.[namespace]?.recordCount ?? 0
    })
  }

  hasFile(namespace: string, fileId: string, options?: CallOptions): Promise<boolean> {
    return this.#call(options, async () => {
      const index = await this.#whatIsLeft(namespace)
      const page = index && (await unlessMissing(index.listPaginated({ prefix: chunkIdPrefix(fileId), limit: 1 })))
      return (page?.vectors?.length ?? 0) > 0
    })
  }

  async *namespaces(options?: CallOptions): AsyncGenerator<string, void> {
    for (let paginationToken: string | undefined; ; ) {
      const page = { limit: NAMESPACES_PER_PAGE, ...(paginationToken !== undefined && { paginationToken }) }
      const answer = await this.#call(options, async () => (await this.#whatIsLeft(''))?.listNamespaces(page))
      const { namespaces = [], pagination } = answer ?? {}
      for (const { name } of namespaces) if (name) yield name
      paginationToken = pagination?.next
      if (!paginationToken) return
    }
  }

  check(options?: CallOptions): Promise<string> {
    const { index } = this.#options
    return this.#call(options, async () => {
      const host = await this.#find()
      return host === undefined
        ? `${this.name}; the index ${index} is made with the first file`
        : `${this.name}, index ${index}`
    })
  }

  async close(): Promise<void> {}

  #at(host: string, namespace: string): Index<ChunkFields> {
    return this.#client.index<ChunkFields>({ host, namespace })
  }

  /** The index, for deletions and for what counts: of one that is gone nothing is left. */
  async #whatIsLeft(namespace: string): Promise<Index<ChunkFields> | undefined> {
    try {
      const host = await this.#find()
      return host === undefined ? undefined : this.#at(host, namespace)
    } catch (error) {
      if (error instanceof Failure && error.code === 'VECTOR_INDEX_MISSING') return undefined
      throw error
    }
  }

  /**
   * The host of the index, looked up until there is one.
   * @returns undefined where there is none yet
   * @throws Failure VECTOR_INDEX_MISSING where there was one
   */
  async #find(): Promise<string | undefined> {
    this.#host ??= await this.#lookUp()
    return this.#host
  }

  async #findOrMake(): Promise<string> {
    const host = (await this.#find()) ?? (await this.#make())
    this.#host = host
    return host
  }

  async #describe(): Promise<string | undefined> {
    // Asked first: another process may make the index, and use it, just after it was not found.
    const isInUse = this.#hasWritten || (await this.#options.isInUse())
    const found = await unlessMissing(this.#client.indexes.describe(this.#options.index))
    if (found) return this.#hostOf(found.status.ready ? found : await this.#untilReady())
    if (!isInUse) return undefined
    // A fresh, empty one would pass for the one that held everybody's vectors.
    const { index, dimensions } = this.#options
    const detail = `index ${index}; to go on without them, create it with ${dimensions} dimensions and the metric cosine`
    throw new Failure('VECTOR_INDEX_MISSING', { index }, { detail })
  }

  async #create(): Promise<string> {
    const { index: name, cloud, region, dimensions: dimension } = this.#options
    // Two processes may create it at once: whoever comes second waits for the first one's.
    await this.#client.indexes.create({
      name,
      schema: { fields: { _values: { type: 'dense_vector', dimension, metric: 'cosine' } } },
      deployment: { deploymentType: 'managed', cloud, region },
      suppressConflicts: true,
    })
    return this.#hostOf(await this.#untilReady())
  }

  #hostOf({ host, dimension }: { host: string; dimension?: number | undefined }): string {
    if (dimension !== undefined) this.#checkDimensions(dimension, `the index ${this.#options.index}`)
    return host
  }

  async #untilReady() {
    for (const start = Date.now(); Date.now() - start < READY_LIMIT_MS; await pause(this.#calls.getStore()?.signal)) {
      const model = await this.#client.indexes.describe(this.#options.index)
      if (model.status.ready) return model
    }
    throw new Failure(
      'VECTOR_STORE_UNAVAILABLE',
      { index: this.#options.index },
      { detail: 'the index was not ready in time' },
    )
  }

  #checkDimensions(found: number, what: string): void {
    const { dimensions } = this.#options
    if (found === dimensions) return
    throw new Failure(
      'DIMENSION_MISMATCH',
      {},
      { detail: `${what} has ${found} dimensions, the embedding model ${dimensions}` },
    )
  }

  /** The SDK takes no signal of its own, and keeps the response's headers to itself. */
  async #fetch(url: string | URL | Request, init?: RequestInit): Promise<Response> {
    const call = this.#calls.getStore()
    const response = await fetch(url, { ...init, ...(call?.signal && { signal: call.signal }) })
    if (call) Object.assign(call, { status: response.status, retryAfterMs: retryAfterMs(response.headers) })
    return response
  }

  #call<T>({ signal }: CallOptions = {}, work: () => Promise<T>): Promise<T> {
    const call: Call = { signal }
    return this.#calls.run(call, async () => {
      try {
        return await work()
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        // The index may have been deleted, or made anew at another address.
        if (isAddressInDoubt(call)) this.#host = undefined
        throw toFailure(error, call)
      }
    })
  }
}

type Question = { vector: number[]; topK: number; includeMetadata: boolean; filter?: Record<string, object> }

/**
 * Pinecone answers with 4 MB at the most, and with an error where it would be more (https://docs.pinecone.io/reference/api/database-limits/operation-limits).
 * How much a chunk takes is not known before, so less is asked for once more was too much.
 */
async function asMuchAsFits(index: Index<ChunkFields>, question: Question) {
  for (let { topK } = question; ; topK = Math.max(Math.floor(topK / 2), ALWAYS_FIT))
    try {
      return await index.query({ ...question, topK })
    } catch (error) {
      if (topK <= ALWAYS_FIT || !(error instanceof Errors.PineconeBadRequestError)) throw error
    }
}

/** Whoever asks while it is under way gets the same answer. */
function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined
  return () => {
    underWay ??= work().finally(() => {
      underWay = undefined
    })
    return underWay
  }
}

/** A missing index or namespace: there is nothing to find or to delete. */
async function unlessMissing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (error instanceof Errors.PineconeNotFoundError) return undefined
    throw error
  }
}

const POLL_MS = 1_000

function pause(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, POLL_MS)
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        reject(signal.reason)
      },
      { once: true },
    )
  })
}

const isAddressInDoubt = ({ status }: Call) => status === undefined || status === 404

/** Refused, or not paid for. */
const AUTH_STATUSES: readonly (number | undefined)[] = [401, 402, 403]

function toFailure(cause: unknown, { status, retryAfterMs }: Call): Error {
  if (cause instanceof Failure || cause instanceof DatabaseUnavailable) return cause
  const detail =
    status === undefined || status < 400 ? 'no connection, or an answer that is not one of the API' : `status ${status}`
  const code = AUTH_STATUSES.includes(status) ? 'VECTOR_STORE_AUTH' : 'VECTOR_STORE_UNAVAILABLE'
  return new Failure(code, {}, { cause, detail, retryAfterMs })
}
