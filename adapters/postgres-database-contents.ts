import { Readable } from 'node:stream'
import type pg from 'pg'
import type { ContentCount, DatabaseContent, DatabaseContents, MovedContent } from '../domain/database-contents.ts'
import { Failure } from '../domain/failure.ts'
import { databaseKey } from '../domain/keys.ts'
import type { CallOptions } from '../domain/ports.ts'
import { patient, transaction } from './postgres-database.ts'
import type { FileRow } from './postgres-file-store.ts'
import { FILE_COLUMNS, toStoredFile } from './postgres-file-store.ts'

const CHUNK_BYTES = 4 * 1_048_576

/** The `content` of an older product's table, of type `bytea` or a text, which stands for its UTF-8 bytes. */
export class PostgresDatabaseContents implements DatabaseContents {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async count(): Promise<ContentCount | undefined> {
    if (!(await contentType(this.#pool))) return undefined
    // The length of a large value stands beside its place: none is read for it.
    const { rows } = await this.#pool.query<ContentCount>(
      patient(
        `select count(*)::int as files, coalesce(sum(octet_length(content)), 0)::float8 as bytes
         from files where content is not null`,
      ),
    )
    return rows[0]
  }

  async page(after: string | null, limit: number) {
    const { rows } = await this.#pool.query<{ id: string; original_name: string }>(
      `select id, original_name from files
       where content is not null and ($1::uuid is null or id > $1) order by id limit $2`,
      [after, limit],
    )
    return rows.map((row) => ({ fileId: row.id, name: row.original_name }))
  }

  async find(fileId: string): Promise<DatabaseContent | undefined> {
    if (!(await contentType(this.#pool))) return undefined
    const { rows } = await this.#pool.query<FileRow>(
      `select ${FILE_COLUMNS} from files where id = $1 and content is not null`,
      [fileId],
    )
    return rows[0] && toStoredFile(rows[0])
  }

  async size(fileId: string): Promise<number | undefined> {
    if (!(await contentType(this.#pool))) return undefined
    const { rows } = await this.#pool.query<{ size: number }>(
      'select octet_length(content) as size from files where id = $1 and content is not null',
      [fileId],
    )
    return rows[0]?.size
  }

  read(fileId: string, { signal }: CallOptions = {}): Readable {
    return Readable.from(this.#chunks(fileId), { objectMode: false, ...(signal && { signal }) })
  }

  async keyOf(fileId: string): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ s3_key: string }>('select s3_key from files where id = $1', [fileId])
    return rows[0]?.s3_key
  }

  async release({ id, s3Key }: DatabaseContent, sha256: string, moved: MovedContent): Promise<boolean> {
    const type = await contentType(this.#pool)
    if (!type) return false
    const { rowCount } = await this.#pool.query(
      patient(
        `update files set s3_key = $4, s3_url = $5, sha256 = $6, size = $7, content = null, updated_at = now()
         where id = $1 and s3_key = $2 and encode(sha256(${bytesOf(type)}), 'hex') = $3`,
        [id, s3Key, sha256, moved.s3Key, moved.s3Url, moved.sha256, moved.size],
      ),
    )
    return rowCount === 1
  }

  async clear(fileId: string): Promise<void> {
    if (!(await contentType(this.#pool))) return
    await this.#pool.query('update files set content = null where id = $1 and s3_key <> $2 and content is not null', [
      fileId,
      databaseKey(fileId),
    ])
  }

  dropColumn(): Promise<number | undefined> {
    return transaction(this.#pool, async (client) => {
      // Whoever waits for this lock holds up all who come later, so not for long.
      await client.query(`set local lock_timeout to '5s'`)
      await client.query('lock table files in access exclusive mode')
      if (!(await contentType(client))) return undefined
      const left = await countContents(client)
      if (left === 0) await client.query('alter table files drop column content')
      return left
    })
  }

  /** Piece by piece, so that a large content never has to be in memory. */
  async *#chunks(fileId: string): AsyncGenerator<Buffer> {
    const type = await contentType(this.#pool)
    if (!type) throw missing(fileId)
    for (let from = 1, length = CHUNK_BYTES; length === CHUNK_BYTES; from += CHUNK_BYTES) {
      const chunk = await this.#chunk(fileId, bytesOf(type), from)
      length = chunk.length
      if (length > 0) yield chunk
    }
  }

  async #chunk(fileId: string, bytes: string, from: number): Promise<Buffer> {
    const { rows } = await this.#pool.query<{ chunk: Buffer }>(
      patient(`select substring(${bytes} from $2 for $3) as chunk from files where id = $1 and content is not null`, [
        fileId,
        from,
        CHUNK_BYTES,
      ]),
    )
    if (rows[0]) return rows[0].chunk
    if (from === 1) throw missing(fileId)
    const s3Key = databaseKey(fileId)
    throw new Failure('STORAGE_UNAVAILABLE', { fileId, s3Key }, { detail: 'the content was moved while it was read' })
  }
}

const missing = (fileId: string) => new Failure('OBJECT_MISSING', { fileId, s3Key: databaseKey(fileId) })

const bytesOf = (type: string) => (type === 'bytea' ? 'content' : `convert_to(content, 'UTF8')`)

/** Asked each time: another process may have dropped the column. */
async function contentType(client: pg.Pool | pg.PoolClient): Promise<string | undefined> {
  const { rows } = await client.query<{ type: string }>(
    `select atttypid::regtype::text as type from pg_attribute
     where attrelid = 'files'::regclass and attname = 'content' and not attisdropped`,
  )
  return rows[0]?.type
}

async function countContents(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ files: number }>(
    patient('select count(*)::int as files from files where content is not null'),
  )
  return rows[0]?.files ?? 0
}
