import type { FailureCode } from '../domain/failure.ts'
import { Failure } from '../domain/failure.ts'
import type {
  CallOptions,
  Candidate,
  KeywordQuery,
  VectorMatch,
  VectorQuery,
  VectorRecord,
  VectorStore,
} from '../domain/ports.ts'
import { PineconeCalls } from './pinecone-calls.ts'
import type { PineconeOptions } from './pinecone-vector-store.ts'
import { PineconeVectorStore } from './pinecone-vector-store.ts'
import { shared } from './shared.ts'

/** `dimensions`: of new experts. `isInUse`: whether vectors of that length are known to have been stored. */
type PineconeIndexesOptions = Omit<PineconeOptions, 'isInUse'> & {
  readonly isInUse: (dimensions: number) => Promise<boolean>
}

/** The lengths of the vectors in indexes, by their names. */
export type FoundIndexes = ReadonlyMap<string, number | undefined>

/** What another process has made meanwhile is seen after that. */
const LISTED_FOR_MS = 5_000
const OF_ANOTHER_INDEX: ReadonlySet<FailureCode> = new Set(['DIMENSION_MISMATCH', 'VECTOR_INDEX_MISSING'])

/**
 * Vectors of experts with several models: an index has vectors of one length, so each length has one. That of `index` stays what it
 * was made with, or, before it is made, is that of new experts; the others are named after theirs.
 */
export class PineconeIndexes implements VectorStore {
  readonly name = 'Pinecone'
  readonly #options: PineconeIndexesOptions
  readonly #calls: PineconeCalls
  /** By name and length. */
  readonly #stores = new Map<string, PineconeVectorStore>()
  /** By the length of their vectors, those whose index was there. */
  readonly #known = new Map<number, PineconeVectorStore>()
  readonly #list = shared(() => this.#ask())
  #listed: { readonly at: number; readonly found: FoundIndexes } | undefined

  constructor(options: PineconeIndexesOptions) {
    this.#options = options
    this.#calls = new PineconeCalls(options)
  }

  async upsert(namespace: string, records: readonly VectorRecord[], options?: CallOptions): Promise<void> {
    const [first] = records
    if (!first) return
    await this.#with(first.vector.length, options, (store) => store.upsert(namespace, records, options))
    // It may have made one.
    if (!this.#known.has(first.vector.length)) this.#listed = undefined
  }

  async query(
    namespace: string,
    vector: Float32Array,
    query: VectorQuery,
    options?: CallOptions,
  ): Promise<VectorMatch[]> {
    return this.#with(vector.length, options, (store) => store.query(namespace, vector, query, options))
  }

  async candidates(
    namespace: string,
    vector: Float32Array,
    query: KeywordQuery,
    options?: CallOptions,
  ): Promise<Candidate[]> {
    return this.#with(vector.length, options, (store) => store.candidates(namespace, vector, query, options))
  }

  async deleteFile(namespace: string, fileId: string, chunks: number, options?: CallOptions): Promise<void> {
    await this.#each(options, (store) => store.deleteFile(namespace, fileId, chunks, options))
  }

  async deleteNamespace(namespace: string, options?: CallOptions): Promise<void> {
    await this.#each(options, (store) => store.deleteNamespace(namespace, options))
  }

  async count(namespace: string, options?: CallOptions): Promise<number> {
    const counts = await this.#each(options, (store) => store.count(namespace, options))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  async hasFile(namespace: string, fileId: string, options?: CallOptions): Promise<boolean> {
    return (await this.#each(options, (store) => store.hasFile(namespace, fileId, options))).includes(true)
  }

  async *namespaces(options?: CallOptions): AsyncGenerator<string, void> {
    for (const store of await this.#all(options)) yield* store.namespaces(options)
  }

  async check(options?: CallOptions): Promise<string> {
    const { dimensions } = this.#options
    const store = await this.#of(dimensions, options)
    const told = await store.check(options)
    const others = [...(this.#listed?.found ?? [])].filter(([, length]) => (length ?? dimensions) !== dimensions)
    const names = others.map(([name, length]) => `${name} (${length} dimensions)`)
    return names.length > 0 ? `${told}; for other models ${names.join(', ')}` : told
  }

  async close(): Promise<void> {}

  async #each<T>(options: CallOptions | undefined, work: (store: PineconeVectorStore) => Promise<T>): Promise<T[]> {
    return Promise.all((await this.#all(options)).map(work))
  }

  async #all(options: CallOptions | undefined): Promise<PineconeVectorStore[]> {
    const found = await this.#found(options)
    return [...found].map(([name, length]) => this.#at(name, length ?? this.#options.dimensions))
  }

  async #with<T>(
    length: number,
    options: CallOptions | undefined,
    work: (store: PineconeVectorStore) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(await this.#of(length, options))
    } catch (error) {
      if (error instanceof Failure && OF_ANOTHER_INDEX.has(error.code)) this.#forget(length)
      throw error
    }
  }

  /** Of an index that may be gone, or made anew with another length: the next call looks where vectors are by then. */
  #forget(length: number): void {
    this.#known.delete(length)
    this.#listed = undefined
  }

  /** Where vectors of that length are, or are to be. */
  async #of(length: number, options: CallOptions | undefined): Promise<PineconeVectorStore> {
    const known = this.#known.get(length)
    if (known) return known
    const found = await this.#found(options)
    const name = indexFor(length, found, this.#options)
    const store = this.#at(name, length)
    if (found.has(name)) this.#known.set(length, store)
    return store
  }

  #at(index: string, dimensions: number): PineconeVectorStore {
    const key = `${index} ${dimensions}`
    const known = this.#stores.get(key)
    if (known) return known
    const isInUse = () => this.#options.isInUse(dimensions)
    const onDoubt = () => this.#forget(dimensions)
    const store = new PineconeVectorStore({ ...this.#options, index, dimensions, isInUse, onDoubt }, this.#calls)
    this.#stores.set(key, store)
    return store
  }

  async #found(options: CallOptions = {}): Promise<FoundIndexes> {
    if (this.#listed && performance.now() - this.#listed.at < LISTED_FOR_MS) return this.#listed.found
    const at = performance.now()
    const found = await this.#calls.run(options, () => Promise.race([this.#list(), abortOf(options.signal)]))
    this.#listed = { at, found }
    return found
  }

  /** For all who wait for it, so that none of them ends it. */
  #ask(): Promise<FoundIndexes> {
    return this.#calls.run({}, async () => {
      const { indexes = [] } = await this.#calls.client.indexes.list()
      return ours(indexes, this.#options.index)
    })
  }
}

const abortOf = (signal: AbortSignal | undefined) =>
  new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))

/** Of all indexes of an account those that belong to `index`. */
export const ours = (
  indexes: readonly { readonly name: string; readonly dimension?: number | undefined }[],
  index: string,
): FoundIndexes =>
  new Map(
    indexes
      .filter(({ name, dimension }) => name === index || name === namedAfter(index, dimension))
      .map(({ name, dimension }) => [name, dimension]),
  )

/** The name of the index for vectors of a length, be it there or not. */
export function indexFor(
  length: number,
  found: FoundIndexes,
  { index, dimensions }: Pick<PineconeIndexesOptions, 'index' | 'dimensions'>,
): string {
  // One that does not tell its length is taken at its word, as it always was.
  if (found.has(index) && (found.get(index) ?? dimensions) === length) return index
  const own = namedAfter(index, length)
  return found.has(own) || found.has(index) || length !== dimensions ? own : index
}

const namedAfter = (index: string, length: number | undefined) => `${index}-${length}`

/** Whether an index has a name that we give, which says nothing of its length. */
export const isNamedAfter = (index: string, name: string): boolean =>
  name === index || (name.startsWith(`${index}-`) && /^\d+$/.test(name.slice(index.length + 1)))
