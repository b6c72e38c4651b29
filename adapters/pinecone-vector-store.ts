import { AsyncLocalStorage } from 'node:async_hooks'
import type { Index } from '@pinecone-database/pinecone'
import { Errors, Pinecone } from '@pinecone-database/pinecone'
import { Failure } from '../domain/failure.ts'
import { chunkId, chunkIdPrefix } from '../domain/keys.ts'
import type { CallOptions, VectorMatch, VectorQuery, VectorRecord, VectorStore } from '../domain/ports.ts'
import type { ChunkFields } from './chunk-fields.ts'
import { toMatch } from './chunk-fields.ts'
import { toPineconeBatches } from './pinecone-batches.ts'
import { retryAfterMs } from './retry-after.ts'

export type PineconeOptions = {
  readonly apiKey: string
  readonly index: string
  readonly cloud: string
  readonly region: string
  /** The control plane's address, where it is not Pinecone's own. */
  readonly controllerHost?: string | undefined
  readonly dimensions: number
}

/** What a request was told, besides its answer. */
type Call = { readonly signal: AbortSignal | undefined; status?: number; retryAfterMs?: number | undefined }

const READY_LIMIT_MS = 300_000
const IDS_PER_DELETE = 1_000
const NAMESPACES_PER_PAGE = 100

/** Vectors in one serverless index of Pinecone, a namespace per expert. The index is made where it is missing. */
export class PineconeVectorStore implements VectorStore {
  readonly name = 'Pinecone'
  readonly #options: PineconeOptions
  readonly #client: Pinecone
  readonly #calls = new AsyncLocalStorage<Call>()
  #host: Promise<string> | undefined
  #hasHadIndex = false

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
      const index = await this.#index(namespace)
      for (const batch of toPineconeBatches(records)) await index.upsert({ records: batch })
    })
  }

  query(
    namespace: string,
    vector: Float32Array,
    { topK, fileIds }: VectorQuery,
    options?: CallOptions,
  ): Promise<VectorMatch[]> {
    return this.#call(options, async () => {
      this.#checkDimensions(vector.length, 'the query')
      const index = await this.#index(namespace)
      const filter = fileIds ? { filter: { file_id: { $in: [...fileIds] } } } : {}
      const { matches } = await index.query({ vector: Array.from(vector), topK, includeMetadata: true, ...filter })
      return matches.flatMap(({ metadata, score = 0 }) => (metadata ? [toMatch(metadata, score)] : []))
    })
  }

  /** By ids, which is exact: a listing may not show yet what was written a moment ago. */
  deleteFile(namespace: string, fileId: string, chunks: number, options?: CallOptions): Promise<void> {
    return this.#call(options, async () => {
      const index = await this.#index(namespace)
      for (let start = 0; start < chunks; start += IDS_PER_DELETE) {
        const length = Math.min(IDS_PER_DELETE, chunks - start)
        const ids = Array.from({ length }, (_, i) => chunkId(fileId, start + i))
        await unlessMissing(index.deleteMany({ ids }))
      }
    })
  }

  deleteNamespace(namespace: string, options?: CallOptions): Promise<void> {
    return this.#call(options, async () => {
      const index = await this.#index(namespace)
      await unlessMissing(index.deleteAll())
    })
  }

  count(namespace: string, options?: CallOptions): Promise<number> {
    return this.#call(options, async () => {
      const { namespaces } = await (await this.#index(namespace)).describeIndexStats()
      return namespaces?.[namespace]?.recordCount ?? 0
    })
  }

  hasFile(namespace: string, fileId: string, options?: CallOptions): Promise<boolean> {
    return this.#call(options, async () => {
      const index = await this.#index(namespace)
      const page = await unlessMissing(index.listPaginated({ prefix: chunkIdPrefix(fileId), limit: 1 }))
      return (page?.vectors?.length ?? 0) > 0
    })
  }

  async *namespaces(options?: CallOptions): AsyncGenerator<string, void> {
    for (let paginationToken: string | undefined; ; ) {
      const page = { limit: NAMESPACES_PER_PAGE, ...(paginationToken !== undefined && { paginationToken }) }
      const { namespaces = [], pagination } = await this.#call(options, async () =>
        (await this.#index('')).listNamespaces(page),
      )
      for (const { name } of namespaces) if (name) yield name
      paginationToken = pagination?.next
      if (!paginationToken) return
    }
  }

  check(options?: CallOptions): Promise<void> {
    return this.#call(options, async () => {
      await this.#ensureIndex()
    })
  }

  async close(): Promise<void> {}

  async #index(namespace: string): Promise<Index<ChunkFields>> {
    return this.#client.index<ChunkFields>({ host: await this.#ensureIndex(), namespace })
  }

  /** The host of the index, asked for once; after a failure it is asked for again. */
  #ensureIndex(): Promise<string> {
    this.#host ??= this.#describeOrCreate().catch((error: unknown) => {
      this.#host = undefined
      throw error
    })
    return this.#host
  }

  async #describeOrCreate(): Promise<string> {
    const found = await unlessMissing(this.#client.indexes.describe(this.#options.index))
    // A fresh, empty one would pass for the one that held everybody's vectors.
    if (!found && this.#hasHadIndex) throw new Failure('VECTOR_INDEX_MISSING', {}, { detail: this.#options.index })
    const ready = found?.status.ready ? found : await this.#create()
    this.#hasHadIndex = true
    const { dimension } = ready
    if (dimension !== undefined) this.#checkDimensions(dimension, `the index ${this.#options.index}`)
    return ready.host
  }

  async #create() {
    const { index: name, cloud, region, dimensions: dimension } = this.#options
    // Two processes may create it at once: whoever comes second waits for the first one's.
    await this.#client.indexes.create({
      name,
      schema: { fields: { _values: { type: 'dense_vector', dimension, metric: 'cosine' } } },
      deployment: { deploymentType: 'managed', cloud, region },
      suppressConflicts: true,
    })
    return this.#untilReady()
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

function toFailure(cause: unknown, { status, retryAfterMs }: Call): Failure {
  if (cause instanceof Failure) return cause
  const detail =
    status === undefined || status < 400 ? 'no connection, or an answer that is not one of the API' : `status ${status}`
  const code = AUTH_STATUSES.includes(status) ? 'VECTOR_STORE_AUTH' : 'VECTOR_STORE_UNAVAILABLE'
  return new Failure(code, {}, { cause, detail, retryAfterMs })
}
