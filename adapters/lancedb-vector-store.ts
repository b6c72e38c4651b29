import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import type { Connection, Table } from '@lancedb/lancedb'
import { connect, MatchQuery } from '@lancedb/lancedb'
import { Failure } from '../domain/failure.ts'
import { coverageOf, lookForWords, termsOf } from '../domain/keyword-scores.ts'
import type { Candidate, KeywordQuery, VectorMatch, VectorQuery, VectorRecord, VectorStore } from '../domain/ports.ts'
import { toMatch } from './chunk-fields.ts'
import { Coalescer } from './coalescer.ts'
import { hasKeywordIndex, keepKeywordIndex, renewKeywordIndex } from './lancedb-keyword-index.ts'
import type { FoundRow, FoundRowWithVector } from './lancedb-rows.ts'
import { conditionOf, cosine, literal, RESULT_COLUMNS, schemaOf, TERMS, toRow } from './lancedb-rows.ts'
import { addTerms, fillSomeTerms, lacksTerms } from './lancedb-terms.ts'
import { QuietTimer } from './quiet-timer.ts'
import { searchTerms } from './search-terms.ts'

export type LanceDbOptions = {
  readonly dir: string
  /** Of the index of words and of compacting, which another process may be at: no write fails with it, and it is tried again. */
  readonly onUpkeepFailure?: ((error: unknown) => void) | undefined
}

/** Every merge leaves a version and a fragment behind; so many of them are put together now and then. */
const MERGES_PER_COMPACTION = 50
/** Readers in other processes may still use a version that was replaced a moment ago. */
const KEEP_VERSIONS_MS = 60_000
const TABLES_PER_PAGE = 100

/**
 * Vectors on this machine's disk, a table per namespace, whose first vector says how long the others are. Merges into one table at the same time would conflict, so they
 * are made one after the other, and what arrives meanwhile goes into the next one together.
 */
export class LanceDbVectorStore implements VectorStore {
  readonly name = 'LanceDB'
  readonly #options: LanceDbOptions
  readonly #writers = new Map<string, Coalescer<VectorRecord>>()
  readonly #quiet = new QuietTimer((namespace) => this.#keepUp(namespace))
  /** After a deletion: what was deleted is in older versions, until these are cleaned up. */
  readonly #forget = new QuietTimer((namespace) => this.#told(() => this.#compact(namespace)), 2 * KEEP_VERSIONS_MS)
  #lastIndexing: Promise<unknown> = Promise.resolve()
  #connection: Promise<Connection> | undefined
  #isClosing = false

  constructor(options: LanceDbOptions) {
    this.#options = options
  }

  async upsert(namespace: string, records: readonly VectorRecord[]): Promise<void> {
    if (records.length === 0) return
    await this.#writer(namespace).add(records)
  }

  async query(namespace: string, vector: Float32Array, query: VectorQuery): Promise<VectorMatch[]> {
    return guard(async () => {
      const table = await this.#open(namespace)
      if (!table) return []
      await checkLengths(table, [{ vector }])
      return (await nearest(table, vector, query)).map((row) => toMatch(row, 1 - row._distance))
    })
  }

  async candidates(namespace: string, vector: Float32Array, query: KeywordQuery): Promise<Candidate[]> {
    return guard(async () => {
      const table = await this.#open(namespace)
      if (!table) return []
      await checkLengths(table, [{ vector }])
      // One that was made by an earlier version has none until the next file comes.
      if (!(await hasKeywordIndex(table))) return this.#amongNearest(table, vector, query)
      const words = searchTerms.ofQuestion(query.text)
      const [near, worded] = await Promise.all([
        query.withNearest ? nearest(table, vector, query) : [],
        withWords(table, termsOf(words), query),
      ])
      const pool = new Map<string, Candidate>()
      for (const row of near) pool.set(row.id, { ...toMatch(row, 1 - row._distance), keywordScore: null, coverage: 0 })
      for (const row of worded)
        pool.set(row.id, {
          ...toMatch(row, similarity(row, vector)),
          ...{ keywordScore: row._score, coverage: coverageOf(words, new Set(row[TERMS].split(' '))) },
        })
      return [...pool.values()]
    })
  }

  async #amongNearest(table: Table, vector: Float32Array, query: KeywordQuery): Promise<Candidate[]> {
    const near = await nearest(table, vector, query)
    return lookForWords(
      near.map((row) => toMatch(row, 1 - row._distance)),
      query,
      searchTerms,
    )
  }

  async deleteFile(namespace: string, fileId: string): Promise<void> {
    await guard(() => this.#exclusively(namespace, (table) => table.delete(`file_id = ${literal(fileId)}`)))
    this.#quiet.touch(namespace)
    this.#forget.touch(namespace)
  }

  async deleteNamespace(namespace: string): Promise<void> {
    this.#quiet.forget(namespace)
    this.#forget.forget(namespace)
    await this.#writer(namespace).exclusively(() =>
      guard(async () => {
        const connection = await this.#connect()
        if ((await connection.tableNames()).includes(namespace)) await connection.dropTable(namespace)
      }),
    )
    this.#writers.delete(namespace)
  }

  count(namespace: string): Promise<number> {
    return guard(async () => (await this.#open(namespace))?.countRows() ?? 0)
  }

  hasFile(namespace: string, fileId: string): Promise<boolean> {
    return guard(async () => {
      const table = await this.#open(namespace)
      return ((await table?.countRows(`file_id = ${literal(fileId)}`)) ?? 0) > 0
    })
  }

  async *namespaces(): AsyncGenerator<string, void> {
    for (let startAfter: string | undefined; ; ) {
      const page = { limit: TABLES_PER_PAGE, ...(startAfter !== undefined && { startAfter }) }
      const names = await guard(async () => (await this.#connect()).tableNames(page))
      yield* names
      startAfter = names.at(-1)
      if (names.length < TABLES_PER_PAGE) return
    }
  }

  check(): Promise<string> {
    return guard(async () => {
      await mkdir(this.#options.dir, { recursive: true })
      await access(this.#options.dir, constants.R_OK | constants.W_OK)
      return this.name
    })
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await Promise.all([this.#forget.stop(), this.#quiet.finish()])
    await this.#lastIndexing
    const connection = await this.#connection?.catch(() => undefined)
    connection?.close()
  }

  #writer(namespace: string): Coalescer<VectorRecord> {
    const known = this.#writers.get(namespace)
    if (known) return known
    let merges = 0
    const writer = new Coalescer<VectorRecord>(async (records) => {
      await guard(() => this.#merge(namespace, records))
      this.#quiet.touch(namespace)
      merges += 1
      if (merges % MERGES_PER_COMPACTION === 0) await this.#told(() => this.#compact(namespace)).catch(() => undefined)
    })
    this.#writers.set(namespace, writer)
    return writer
  }

  async #merge(namespace: string, records: readonly VectorRecord[]): Promise<void> {
    // Of records with the same id the last one counts; a merge would write them all.
    const rows = [...new Map(records.map((record) => [record.id, toRow(record)])).values()]
    const table = (await this.#open(namespace)) ?? (await this.#create(namespace, rows[0]?.vector.length ?? 0))
    await checkLengths(table, rows)
    await addTerms(table)
    await table.mergeInsert('id').whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(rows)
    // It is tried again at the quiet moment; what was written is written.
    await this.#told(() => this.#oneByOne(() => keepKeywordIndex(table))).catch(() => undefined)
  }

  async #compact(namespace: string): Promise<void> {
    const table = await this.#open(namespace)
    await this.#oneByOne(() => table?.optimize({ cleanupOlderThan: new Date(Date.now() - KEEP_VERSIONS_MS) }))
  }

  /**
   * Between merges, which would conflict, and by whoever writes the table only: a reader that writes files into it might bring
   * back one that is being dropped.
   */
  #keepUp(namespace: string): Promise<void> {
    return this.#told(async () => {
      while (await this.#fillSomeTerms(namespace)) if (this.#isClosing) return
      await this.#exclusively(namespace, async (table) => {
        await this.#oneByOne(() => renewKeywordIndex(table))
        // Adds to the index what is not in it yet, which each search would read, and writes anew what rows were deleted from.
        await this.#oneByOne(() => table.optimize())
      })
    })
  }

  /** Others write in between: a large table takes minutes. @returns whether rows are left; the next write goes on with them, in a later process too */
  async #fillSomeTerms(namespace: string): Promise<boolean> {
    const areLeft = await this.#exclusively(namespace, async (table) => {
      await addTerms(table)
      if (!(await lacksTerms(table))) return false
      await this.#oneByOne(() => fillSomeTerms(table))
      this.#forget.touch(namespace)
      return lacksTerms(table)
    })
    return areLeft ?? false
  }

  /** Between merges. @returns undefined where there is no such table */
  #exclusively<T>(namespace: string, work: (table: Table) => Promise<T>): Promise<T | undefined> {
    return this.#writer(namespace).exclusively(async () => {
      const table = await this.#open(namespace)
      return table && work(table)
    })
  }

  async #told<T>(upkeep: () => Promise<T>): Promise<T> {
    try {
      return await upkeep()
    } catch (error) {
      this.#options.onUpkeepFailure?.(error)
      throw error
    }
  }

  /** Compacting updates the index too, and only one at a time may be built. */
  #oneByOne(work: () => Promise<unknown> | undefined): Promise<unknown> {
    const done = this.#lastIndexing.then(work)
    this.#lastIndexing = done.catch(() => undefined)
    return done
  }

  async #create(namespace: string, dimensions: number): Promise<Table> {
    const connection = await this.#connect()
    // Another process may have made it a moment ago.
    return connection.createEmptyTable(namespace, schemaOf(dimensions), { existOk: true })
  }

  async #open(namespace: string): Promise<Table | undefined> {
    const connection = await this.#connect()
    return connection.openTable(namespace).catch((error: Error) => {
      if (/^Table '.*' was not found/.test(error.message)) return undefined
      throw error
    })
  }

  async #connect(): Promise<Connection> {
    // Consistent reads, since the api reads what a worker wrote.
    this.#connection ??= connect(this.#options.dir, { readConsistencyInterval: 0 })
    return this.#connection.catch((error: unknown) => {
      this.#connection = undefined
      throw error
    })
  }
}

async function checkLengths(table: Table, rows: readonly { readonly vector: ArrayLike<number> }[]): Promise<void> {
  const { type } = (await table.schema()).fields.find(({ name }) => name === 'vector') ?? {}
  const length = Number(type?.listSize)
  const other = rows.find(({ vector }) => vector.length !== length)
  if (!other) return
  const detail = `the vector has ${other.vector.length}, the table ${length}`
  throw new Failure('DIMENSION_MISMATCH', { namespace: table.name }, { detail })
}

type Near = FoundRow & { readonly _distance: number }
type Worded = FoundRowWithVector & { readonly _score: number; readonly [TERMS]: string }

async function nearest(table: Table, vector: Float32Array, { topK, ...filter }: VectorQuery): Promise<Near[]> {
  const condition = conditionOf(filter)
  const columns = [...RESULT_COLUMNS, '_distance']
  // All vectors have the length 1, so it is the cosine, for a third of the time.
  const search = table.vectorSearch(vector).distanceType('dot').select(columns).limit(topK)
  return (condition ? search.where(condition) : search).toArray()
}

/** By its terms, not by a query language: quotes and operators are as good as spaces. */
async function withWords(table: Table, terms: readonly string[], { topK, ...filter }: KeywordQuery): Promise<Worded[]> {
  if (terms.length === 0) return []
  const condition = conditionOf(filter)
  const search = table
    .query()
    .fullTextSearch(new MatchQuery(terms.join(' '), TERMS))
    .select([...RESULT_COLUMNS, TERMS, 'vector', '_score'])
    .limit(topK)
  return (condition ? search.where(condition) : search).toArray()
}

const similarity = ({ vector }: FoundRowWithVector, asked: Float32Array) =>
  cosine(vector.toArray() as Float32Array, asked)

async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw new Failure('VECTOR_STORE_UNAVAILABLE', { store: 'LanceDB' }, { cause })
  }
}
