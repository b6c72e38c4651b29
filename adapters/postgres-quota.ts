import type pg from 'pg'
import type { Quota, QuotaOverride, Space } from '../domain/quota.ts'
import { checkSpace, withOverride } from '../domain/quota.ts'

type Queryable = Pick<pg.Pool | pg.PoolClient, 'query'>

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

/**
 * After files were written in this transaction: the row that counts them is locked by it, so nobody else adds any before it
 * ends. @throws QuotaExceeded, which undoes the transaction
 */
export async function checkSpaceTaken(client: pg.PoolClient, userId: string, quota: Quota, taken: Space) {
  const used = await spaceUsed(client, userId)
  checkSpace(quota, { files: used.files - taken.files, bytes: used.bytes - taken.bytes }, taken)
}
