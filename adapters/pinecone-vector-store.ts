import type { Index } from '@pinecone-database/pinecone'
import { Errors } from '@pinecone-database/pinecone'
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
import type { PineconeAccount } from './pinecone-calls.ts'
import { PineconeCalls, unlessMissing } from './pinecone-calls.ts'
import { filtersOf } from './pinecone-filters.ts'
import { searchTerms } from './search-terms.ts'
import { shared } from './shared.ts'

export type PineconeOptions = PineconeAccount & {
  readonly index: string
  readonly cloud: string
  readonly region: string
  readonly dimensions: number
  /** Whether vectors are known to have been stored: then the index is there, or lost. */
  readonly isInUse: () => Promise<boolean>
  /** The index may have been deleted, or made anew at another address. */
  readonly onDoubt?: () => void
}

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
  readonly #calls: PineconeCalls
  readonly #lookUp = shared(() => this.#describe())
  readonly #make = shared(() => this.#create())
  #host: string | undefined
  #hasWritten = false

  /** `calls`: of the account, where several indexes share them. */
  constructor(options: PineconeOptions, calls = new PineconeCalls(options)) {
    this.#options = options
    this.#calls = calls
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
    return lookForWords(await this.query(namespace, vector, query, options), query, searchTerms)
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
    return this.#calls.client.index<ChunkFields>({ host, namespace })
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
    const found = await unlessMissing(this.#calls.client.indexes.describe(this.#options.index))
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
    await this.#calls.client.indexes.create({
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
    for (const start = Date.now(); Date.now() - start < READY_LIMIT_MS; await pause(this.#calls.signal)) {
      const model = await this.#calls.client.indexes.describe(this.#options.index)
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

  #call<T>(options: CallOptions = {}, work: () => Promise<T>): Promise<T> {
    return this.#calls.run(options, work, () => {
      this.#host = undefined
      this.#options.onDoubt?.()
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
