import type pg from 'pg'
import type { Quota, QuotaOverride, Space } from '../domain/quota.ts'
import { checkSpace, withOverride } from '../domain/quota.ts'
import { transaction } from './postgres-database.ts'

export type Queryable = Pick<pg.Pool | pg.PoolClient, 'query'>

/** The quota of one user: the configuration's, save for what holds for that user alone. */
export async function quotaOf(database: Queryable, userId: string, configured: Quota): Promise<Quota> {
  const { rows } = await database.query<{ limits: QuotaOverride }>(
    'select limits from user_quotas where user_id = $1',
    [userId],
  )
  return withOverride(configured, rows[0]?.limits ?? {})
}

export async function spaceUsed(database: Queryable, userId: string): Promise<Space> {
  const { rows } = await database.query<Space>(
    'select files::float8 as files, bytes::float8 as bytes from file_usage where user_id = $1',
    [userId],
  )
  return rows[0] ?? { files: 0, bytes: 0 }
}

/** What direct uploads that are open will take. */
export async function spaceOfOpenUploads(database: Queryable, userId: string): Promise<Space> {
  const { rows } = await database.query<Space>(
    `select count(*)::float8 as files, coalesce(sum(size), 0)::float8 as bytes from direct_uploads
     where user_id = $1 and status = 'open' and expires_at > now()`,
    [userId],
  )
  return rows[0] ?? { files: 0, bytes: 0 }
}

export const isLimited = ({ files, bytes }: Quota) => files !== undefined || bytes !== undefined

/** What is used, and what is set aside for direct uploads that are open. */
export async function spaceTaken(database: Queryable, userId: string): Promise<Space> {
  const used = await spaceUsed(database, userId)
  const open = await spaceOfOpenUploads(database, userId)
  return { files: used.files + open.files, bytes: used.bytes + open.bytes }
}

/** Until the transaction ends: whoever takes room, or sets it aside, does so one after the other. */
export async function lockRoom(client: Queryable, userId: string): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(hashtextextended('uploads of ' || $1, 0))`, [userId])
}

/** Writes rows of files, and tells what they take. */
export type Write<T> = (database: Queryable) => Promise<{ taken: Space; result: T }>
/** `isSetAside`: the room is there, if it was not taken away; what is set aside for others is no matter. */
export type UserQuota = { readonly userId: string; readonly configured: Quota; readonly isSetAside?: boolean }

/** Writes files if the user's quota has room for them. @throws QuotaExceeded, and then nothing was written */
export async function withinQuota<T>(
  pool: pg.Pool,
  { userId, configured, isSetAside = false }: UserQuota,
  write: Write<T>,
): Promise<T> {
  const quota = await quotaOf(pool, userId, configured)
  if (!isLimited(quota)) return (await write(pool)).result
  return transaction(pool, async (client) => {
    if (!isSetAside) await lockRoom(client, userId)
    const { taken, result } = await write(client)
    // The row that counts is locked by what was written, so nobody else adds any before this transaction ends.
    const used = isSetAside ? await spaceUsed(client, userId) : await spaceTaken(client, userId)
    checkSpace(quota, { files: used.files - taken.files, bytes: used.bytes - taken.bytes }, taken)
    return result
  })
}
