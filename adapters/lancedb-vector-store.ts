import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import type { Connection, Table } from '@lancedb/lancedb'
import { connect } from '@lancedb/lancedb'
import { Field, FixedSizeList, Float32, Int32, List, Schema, Utf8 } from 'apache-arrow'
import { Failure } from '../domain/failure.ts'
import type { VectorMatch, VectorQuery, VectorRecord, VectorStore } from '../domain/ports.ts'
import type { ChunkFields } from './chunk-fields.ts'
import { toFields, toMatch } from './chunk-fields.ts'
import { Coalescer } from './coalescer.ts'

export type LanceDbOptions = { readonly dir: string; readonly dimensions: number }

/** Every merge leaves a version and a fragment behind; so many of them are put together now and then. */
const MERGES_PER_COMPACTION = 50
/** Readers in other processes may still use a version that was replaced a moment ago. */
const KEEP_VERSIONS_MS = 60_000
const TABLES_PER_PAGE = 100

type Row = ChunkFields & { id: string; vector: number[] }

/**
 * Vectors on this machine's disk, a table per namespace. Merges into one table at the same time would conflict, so they
 * are made one after the other, and what arrives meanwhile goes into the next one together.
 */
export class LanceDbVectorStore implements VectorStore {
  readonly name = 'LanceDB'
  readonly #options: LanceDbOptions
  readonly #schema: Schema
  readonly #writers = new Map<string, Coalescer<VectorRecord>>()
  #connection: Promise<Connection> | undefined

  constructor(options: LanceDbOptions) {
    this.#options = options
    this.#schema = schemaOf(options.dimensions)
  }

  async upsert(namespace: string, records: readonly VectorRecord[]): Promise<void> {
    if (records.length === 0) return
    for (const { id, vector } of records) this.#checkDimensions(id, vector)
    await this.#writer(namespace).add(records)
  }

  async query(namespace: string, vector: Float32Array, { topK, fileIds }: VectorQuery): Promise<VectorMatch[]> {
    return guard(async () => {
      const table = await this.#open(namespace)
      if (!table) return []
      const search = table.vectorSearch(vector).distanceType('cosine').limit(topK)
      const rows = await (fileIds ? search.where(`file_id in (${fileIds.map(literal)})`) : search).toArray()
      return rows.map((row: Row & { _distance: number }) => toMatch(row, 1 - row._distance))
    })
  }

  async deleteFile(namespace: string, fileId: string): Promise<void> {
    await this.#writer(namespace).exclusively(() =>
      guard(async () => {
        const table = await this.#open(namespace)
        await table?.delete(`file_id = ${literal(fileId)}`)
      }),
    )
  }

  async deleteNamespace(namespace: string): Promise<void> {
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
    const connection = await this.#connection?.catch(() => undefined)
    connection?.close()
  }

  #writer(namespace: string): Coalescer<VectorRecord> {
    const known = this.#writers.get(namespace)
    if (known) return known
    let merges = 0
    const writer = new Coalescer<VectorRecord>(async (records) => {
      await guard(() => this.#merge(namespace, records))
      merges += 1
      if (merges % MERGES_PER_COMPACTION === 0) await guard(() => this.#compact(namespace))
    })
    this.#writers.set(namespace, writer)
    return writer
  }

  async #merge(namespace: string, records: readonly VectorRecord[]): Promise<void> {
    // Of records with the same id the last one counts; a merge would write them all.
    const rows = [...new Map(records.map((record) => [record.id, toRow(record)])).values()]
    const table = (await this.#open(namespace)) ?? (await this.#create(namespace))
    await table.mergeInsert('id').whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(rows)
  }

  async #compact(namespace: string): Promise<void> {
    const table = await this.#open(namespace)
    await table?.optimize({ cleanupOlderThan: new Date(Date.now() - KEEP_VERSIONS_MS) })
  }

  async #create(namespace: string): Promise<Table> {
    const connection = await this.#connect()
    // Another process may have made it a moment ago.
    return connection.createEmptyTable(namespace, this.#schema, { existOk: true })
  }

  async #open(namespace: string): Promise<Table | undefined> {
    const connection = await this.#connect()
    const table = await connection.openTable(namespace).catch((error: Error) => {
      if (/^Table '.*' was not found/.test(error.message)) return undefined
      throw error
    })
    if (table) await this.#checkTable(table, namespace)
    return table
  }

  async #checkTable(table: Table, namespace: string): Promise<void> {
    const { type } = (await table.schema()).fields.find(({ name }) => name === 'vector') ?? {}
    const found = Number(type?.listSize)
    if (found === this.#options.dimensions) return
    throw new Failure(
      'DIMENSION_MISMATCH',
      { namespace },
      { detail: `the table has ${found}, the model ${this.#options.dimensions}` },
    )
  }

  #checkDimensions(id: string, { length }: Float32Array): void {
    if (length === this.#options.dimensions) return
    throw new Failure(
      'DIMENSION_MISMATCH',
      { id },
      { detail: `the vector has ${length}, the index ${this.#options.dimensions}` },
    )
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

const schemaOf = (dimensions: number) =>
  new Schema([
    new Field('id', new Utf8(), false),
    new Field('file_id', new Utf8(), false),
    new Field('chunk_index', new Int32(), false),
    new Field('text', new Utf8(), false),
    new Field('tokens', new Int32(), false),
    new Field('page_start', new Int32(), false),
    new Field('page_end', new Int32(), false),
    new Field('heading_path', new List(new Field('item', new Utf8(), true)), false),
    new Field('start_offset', new Int32(), false),
    new Field('end_offset', new Int32(), false),
    new Field('vector', new FixedSizeList(dimensions, new Field('item', new Float32(), true)), false),
  ])

const toRow = (record: VectorRecord): Row => ({
  id: record.id,
  ...toFields(record),
  vector: Array.from(record.vector),
})

/** Ids come from our own tables, but what is put into SQL is quoted whatever its origin. */
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw new Failure('VECTOR_STORE_UNAVAILABLE', { store: 'LanceDB' }, { cause })
  }
}
