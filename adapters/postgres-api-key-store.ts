import type pg from 'pg'
import type { ApiKey, Scope } from '../domain/api-key.ts'
import type { ApiKeyStore, NewApiKey, PageOf, PageRequest } from '../domain/ports.ts'
import { decodeNewestFirst, pageOf } from './postgres-database.ts'

type Row = {
  id: string
  user_id: string
  name: string
  prefix: string
  scopes: Scope[]
  created_at: Date
  created_at_text: string
  expires_at: Date | null
  revoked_at: Date | null
  last_used_at: Date | null
}

const COLUMNS =
  'id, user_id, name, prefix, scopes, created_at, created_at::text as created_at_text, expires_at, revoked_at, last_used_at'

export class PostgresApiKeyStore implements ApiKeyStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async insert({ id, userId, name, prefix, hash, scopes, expiresAt }: NewApiKey): Promise<ApiKey | undefined> {
    const { rows } = await this.#pool.query<Row>(
      `insert into api_keys (id, user_id, name, prefix, hash, scopes, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing returning ${COLUMNS}`,
      [id, userId, name, prefix, hash, scopes, expiresAt],
    )
    return rows[0] && toApiKey(rows[0])
  }

  async findActive(hash: Buffer): Promise<ApiKey | undefined> {
    const { rows } = await this.#pool.query<Row>(
      `select ${COLUMNS} from api_keys
       where hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
      [hash],
    )
    const [row] = rows
    if (!row) return undefined
    await this.#noteUse(row.id)
    return toApiKey(row)
  }

  async list({ limit, cursor }: PageRequest): Promise<PageOf<ApiKey>> {
    const { rows } = await this.#pool.query<Row>(
      `select ${COLUMNS} from api_keys
       where $1::timestamptz is null or (created_at, id) < ($1::timestamptz, $2::uuid)
       order by created_at desc, id desc limit $3`,
      [...decodeNewestFirst(cursor), limit + 1],
    )
    return pageOf(rows, limit, toApiKey, (row) => [row.created_at_text, row.id])
  }

  async revoke(id: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      'update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1',
      [id],
    )
    return rowCount === 1
  }

  async hasAny(): Promise<boolean> {
    const { rows } = await this.#pool.query<{ any: boolean }>('select exists (select from api_keys) as any')
    return rows[0]?.any ?? false
  }

  /** To the minute: a write for each request would cost more than it tells. */
  async #noteUse(id: string): Promise<void> {
    await this.#pool.query(
      `update api_keys set last_used_at = now()
       where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
      [id],
    )
  }
}

const toApiKey = (row: Row): ApiKey => ({
  id: row.id,
  userId: row.user_id,
  name: row.name,
  prefix: row.prefix,
  scopes: row.scopes,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
  lastUsedAt: row.last_used_at,
})
