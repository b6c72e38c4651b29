import type pg from 'pg'
import type {
  DirectUpload,
  DirectUploadStatus,
  DirectUploadStore,
  FoundContent,
  NewDirectUpload,
  UploadHold,
} from '../domain/direct-upload.ts'
import type { StoredFile } from '../domain/file.ts'
import type { NewFile, PageOf, PageRequest } from '../domain/ports.ts'
import type { Quota } from '../domain/quota.ts'
import { checkSpace } from '../domain/quota.ts'
import { decodeNewestFirst, pageOf, transaction } from './postgres-database.ts'
import type { FileRow } from './postgres-file-store.ts'
import { FILE_COLUMNS, NEW_FILE_COLUMNS, newFileValues, toStoredFile } from './postgres-file-store.ts'
import type { Queryable } from './postgres-quota.ts'
import { isLimited, lockRoom, quotaOf, spaceTaken, spaceUsed, withinQuota } from './postgres-quota.ts'

type Row = {
  id: string
  user_id: string
  name: string
  original_name: string
  size: number
  type: string
  sha256: string
  s3_key: string
  store_id: string
  part_size: number
  status: DirectUploadStatus
  found_size: string | null
  found_sha256: string | null
  created_at: Date
  expires_at: Date
}

const toDirectUpload = (row: Row): DirectUpload => ({
  id: row.id,
  userId: row.user_id,
  name: row.name,
  originalName: row.original_name,
  size: row.size,
  type: row.type,
  sha256: row.sha256,
  s3Key: row.s3_key,
  storeId: row.store_id,
  partSize: row.part_size,
  status: row.status,
  found: row.found_size === null ? null : { size: Number(row.found_size), sha256: row.found_sha256 },
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})

const MINE = `user_id = $1 and id = $2 and holder = $3 and status = 'open'`

export class PostgresDirectUploadStore implements DirectUploadStore {
  readonly #pool: pg.Pool
  readonly #quota: Quota

  /** `quota`: of each user for whom no other one holds. */
  constructor(pool: pg.Pool, quota: Quota = {}) {
    this.#pool = pool
    this.#quota = quota
  }

  async checkRoom(userId: string, bytes: number): Promise<void> {
    await checkRoom(this.#pool, await quotaOf(this.#pool, userId, this.#quota), userId, bytes)
  }

  async checkRoomSetAside(userId: string, bytes: number): Promise<void> {
    const quota = await quotaOf(this.#pool, userId, this.#quota)
    if (isLimited(quota)) checkSpace(quota, await spaceUsed(this.#pool, userId), { files: 1, bytes })
  }

  async insert(upload: NewDirectUpload): Promise<void> {
    const { userId, size } = upload
    const quota = await quotaOf(this.#pool, userId, this.#quota)
    if (!isLimited(quota)) return insert(this.#pool, upload)
    return transaction(this.#pool, async (client) => {
      await lockRoom(client, userId)
      await checkRoom(client, quota, userId, size)
      return insert(client, upload)
    })
  }

  async listOpen(userId: string, { limit, cursor }: PageRequest): Promise<PageOf<DirectUpload>> {
    const { rows } = await this.#pool.query<Row & { created_at_text: string }>(
      `select *, created_at::text as created_at_text from direct_uploads
       where user_id = $1 and status = 'open' and expires_at > now()
         and ($2::timestamptz is null or (created_at, id) < ($2::timestamptz, $3::uuid))
       order by created_at desc, id desc limit $4`,
      [userId, ...decodeNewestFirst(cursor), limit + 1],
    )
    return pageOf(rows, limit, toDirectUpload, (row) => [row.created_at_text, row.id])
  }

  async find(userId: string, id: string): Promise<DirectUpload | undefined> {
    const { rows } = await this.#pool.query<Row>('select * from direct_uploads where user_id = $1 and id = $2', [
      userId,
      id,
    ])
    return rows[0] && toDirectUpload(rows[0])
  }

  async hold(hold: UploadHold, milliseconds: number): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `update direct_uploads set holder = $3, held_until = now() + $4 * interval '1 millisecond'
       where user_id = $1 and id = $2 and status = 'open' and (holder = $3 or held_until < now())`,
      [...mine(hold), milliseconds],
    )
    return rowCount === 1
  }

  async letGo(hold: UploadHold): Promise<void> {
    await this.#pool.query(`update direct_uploads set held_until = '-infinity' where ${MINE}`, mine(hold))
  }

  complete(hold: UploadHold, file: NewFile): Promise<StoredFile | undefined> {
    return withinQuota(
      this.#pool,
      { userId: hold.userId, configured: this.#quota, isSetAside: true },
      async (database) => {
        const result = await complete(database, hold, file)
        return { taken: result ? { files: 1, bytes: file.size } : { files: 0, bytes: 0 }, result }
      },
    )
  }

  async end(hold: UploadHold, status: 'aborted' | 'refused', found?: FoundContent): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `update direct_uploads set status = $4, found_size = $5, found_sha256 = $6 where ${MINE}`,
      [...mine(hold), status, found?.size ?? null, found?.sha256 ?? null],
    )
    return rowCount === 1
  }
}

async function checkRoom(database: Queryable, quota: Quota, userId: string, bytes: number): Promise<void> {
  if (!isLimited(quota)) return
  checkSpace(quota, await spaceTaken(database, userId), { files: 1, bytes })
}

async function insert(database: Queryable, upload: NewDirectUpload): Promise<void> {
  await database.query(
    `insert into direct_uploads
       (id, user_id, name, original_name, size, type, sha256, s3_key, store_id, part_size, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + $11 * interval '1 millisecond')`,
    [
      upload.id,
      upload.userId,
      upload.name,
      upload.originalName,
      upload.size,
      upload.type,
      upload.sha256,
      upload.s3Key,
      upload.storeId,
      upload.partSize,
      upload.lifetimeMs,
    ],
  )
}

const mine = ({ userId, id, holder }: UploadHold) => [userId, id, holder]

async function complete(database: Queryable, hold: UploadHold, file: NewFile): Promise<StoredFile | undefined> {
  const { rows } = await database.query<FileRow>(
    `with completed as (update direct_uploads set status = 'completed' where ${MINE} returning id)
     insert into files (${NEW_FILE_COLUMNS})
     select $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 from completed returning ${FILE_COLUMNS}`,
    [...mine(hold), ...newFileValues(file)],
  )
  return rows[0] && toStoredFile(rows[0])
}
