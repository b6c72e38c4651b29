import type pg from 'pg'
import type { ProcessingStatus, StoredFile } from '../domain/file.ts'
import type { ExpertUsing, FileMetadata, FileStore, NewContent, NewFile, PageOf, PageRequest } from '../domain/ports.ts'
import type { Quota } from '../domain/quota.ts'
import { decodeNewestFirst, pageOf } from './postgres-database.ts'
import type { ExpertRow } from './postgres-expert-store.ts'
import { SELECT_EXPERT, toExpert } from './postgres-expert-store.ts'
import type { Queryable, Write } from './postgres-quota.ts'
import { withinQuota } from './postgres-quota.ts'

export type FileRow = {
  id: string
  user_id: string
  name: string
  original_name: string
  size: number
  type: string
  s3_url: string
  s3_key: string
  sha256: string | null
  title: string | null
  author: string | null
  document_type: string | null
  language: string | null
  word_count: number | null
  page_count: number | null
  processing_status: ProcessingStatus
  created_at: Date
  updated_at: Date
  created_at_text: string
}

/** Named one by one: an older product may have left a `content`, which no answer must carry, and a `size` of eight bytes. */
export const FILE_COLUMNS = `id, user_id, name, original_name, size::integer as size, type, s3_url, s3_key, sha256, title, author,
  document_type, language, word_count, page_count, processing_status, created_at, updated_at`

export const NEW_FILE_COLUMNS =
  'id, user_id, name, original_name, size, type, s3_url, s3_key, sha256, processing_status'

export const newFileValues = (file: NewFile) => [
  file.id,
  file.userId,
  file.name,
  file.originalName,
  file.size,
  file.type,
  file.s3Url,
  file.s3Key,
  file.sha256,
  file.processingStatus,
]

export const toStoredFile = (row: FileRow): StoredFile => ({
  id: row.id,
  userId: row.user_id,
  name: row.name,
  originalName: row.original_name,
  size: row.size,
  type: row.type,
  s3Url: row.s3_url,
  s3Key: row.s3_key,
  sha256: row.sha256,
  title: row.title,
  author: row.author,
  documentType: row.document_type,
  language: row.language,
  wordCount: row.word_count,
  pageCount: row.page_count,
  processingStatus: row.processing_status,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

const FOREIGN_KEY_VIOLATION = '23503'

export class PostgresFileStore implements FileStore {
  readonly #pool: pg.Pool
  readonly #quota: Quota

  /** `quota`: of each user for whom no other one holds. */
  constructor(pool: pg.Pool, quota: Quota = {}) {
    this.#pool = pool
    this.#quota = quota
  }

  insert(file: NewFile): Promise<StoredFile> {
    return this.#withinQuota(file.userId, async (database) => ({
      taken: { files: 1, bytes: file.size },
      result: await insertFile(database, file),
    }))
  }

  async find(userId: string, fileId: string): Promise<StoredFile | undefined> {
    const { rows } = await this.#pool.query<FileRow>(
      `select ${FILE_COLUMNS} from files where user_id = $1 and id = $2`,
      [userId, fileId],
    )
    return rows[0] && toStoredFile(rows[0])
  }

  async list(userId: string, { limit, cursor }: PageRequest): Promise<PageOf<StoredFile>> {
    const { rows } = await this.#pool.query<FileRow>(
      `select ${FILE_COLUMNS}, created_at::text as created_at_text from files
       where user_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2::timestamptz, $3::uuid))
       order by created_at desc, id desc limit $4`,
      [userId, ...decodeNewestFirst(cursor), limit + 1],
    )
    return pageOf(rows, limit, toStoredFile, (row) => [row.created_at_text, row.id])
  }

  async unknown(userId: string, fileIds: readonly string[]): Promise<string[]> {
    const { rows } = await this.#pool.query<{ id: string }>(
      `select id from unnest($2::uuid[]) as wanted (id)
       where not exists (select from files where files.id = wanted.id and files.user_id = $1
         and files.processing_status is distinct from 'deleting')`,
      [userId, fileIds],
    )
    return rows.map(({ id }) => id)
  }

  replaceContent(userId: string, fileId: string, content: NewContent): Promise<StoredFile | undefined> {
    return this.#withinQuota(userId, async (database) => {
      const before = await lockFile(database, userId, fileId)
      return {
        taken: { files: 0, bytes: content.size - (before ?? 0) },
        result: before === undefined ? undefined : await replaceContent(database, userId, fileId, content),
      }
    })
  }

  async delete(userId: string, fileId: string) {
    try {
      const { rowCount } = await this.#pool.query('delete from files where user_id = $1 and id = $2', [userId, fileId])
      return { deleted: rowCount === 1, experts: [] }
    } catch (error) {
      // The foreign key is what keeps a file that an expert uses, however the requests race.
      if (!(error instanceof Error && 'code' in error && error.code === FOREIGN_KEY_VIOLATION)) throw error
      return { deleted: false, experts: await this.#namesOfExpertsUsing(fileId) }
    }
  }

  async keepChecksum(fileId: string, s3Key: string, sha256: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query('update files set sha256 = $3 where id = $1 and s3_key = $2', [
      fileId,
      s3Key,
      sha256,
    ])
    return rowCount === 1
  }

  async describe(fileId: string, sha256: string, metadata: FileMetadata) {
    const { documentType, language, wordCount, pageCount, title, author } = metadata
    await this.#pool.query(
      `update files set document_type = $3, language = $4, word_count = $5, page_count = $6, title = $7, author = $8,
         updated_at = now()
       where id = $1 and sha256 = $2`,
      [fileId, sha256, documentType, language, wordCount, pageCount, title, author],
    )
  }

  async setProcessingStatus(userId: string, fileId: string, status: ProcessingStatus): Promise<void> {
    await this.#pool.query(
      'update files set processing_status = $3, updated_at = now() where user_id = $1 and id = $2',
      [userId, fileId, status],
    )
  }

  async expertsUsing(fileId: string): Promise<ExpertUsing[]> {
    const { rows } = await this.#pool.query<ExpertRow & { is_leaving: boolean }>(
      `select expert.*, ef.status = 'removing' as is_leaving
       from (${SELECT_EXPERT}) expert join expert_files ef on ef.expert_id = expert.id
       where ef.file_id = $1 order by expert.id`,
      [fileId],
    )
    return rows.map((row) => ({ ...toExpert(row), isLeaving: row.is_leaving }))
  }

  /** One after the other, for each user who has a quota: what takes more than there is room for is undone. @throws QuotaExceeded */
  #withinQuota<T>(userId: string, write: Write<T>): Promise<T> {
    return withinQuota(this.#pool, { userId, configured: this.#quota }, write)
  }

  async #namesOfExpertsUsing(fileId: string) {
    const { rows } = await this.#pool.query<{ id: string; name: string }>(
      'select id, name from experts where id in (select expert_id from expert_files where file_id = $1) order by name limit 20',
      [fileId],
    )
    return rows
  }
}

async function insertFile(database: Queryable, file: NewFile): Promise<StoredFile> {
  const { rows } = await database.query<FileRow>(
    `insert into files (${NEW_FILE_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning ${FILE_COLUMNS}`,
    newFileValues(file),
  )
  const [row] = rows
  if (!row) throw new Error('insert into files returned no row')
  return toStoredFile(row)
}

/** Until the transaction ends, if there is one. @returns its size, or undefined where it is gone or on its way */
async function lockFile(database: Queryable, userId: string, fileId: string): Promise<number | undefined> {
  const { rows } = await database.query<{ size: number }>(
    `select size::integer as size from files
     where user_id = $1 and id = $2 and processing_status is distinct from 'deleting' for update`,
    [userId, fileId],
  )
  return rows[0]?.size
}

async function replaceContent(database: Queryable, userId: string, fileId: string, content: NewContent) {
  const { rows } = await database.query<FileRow>(
    `update files set size = $3, type = $4, s3_url = $5, s3_key = $6, sha256 = $7, processing_status = $8,
       title = null, author = null, document_type = null, language = null, word_count = null, page_count = null,
       updated_at = now()
     where user_id = $1 and id = $2 and processing_status is distinct from 'deleting' returning ${FILE_COLUMNS}`,
    [
      userId,
      fileId,
      content.size,
      content.type,
      content.s3Url,
      content.s3Key,
      content.sha256,
      content.processingStatus,
    ],
  )
  return rows[0] && toStoredFile(rows[0])
}
