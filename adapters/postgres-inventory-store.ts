import type pg from 'pg'
import type { Inventory, InventoryStore } from '../domain/inventory.ts'

/** One look over both tables: no index is cheaper than reading rows of which all are counted. */
const INVENTORY = `
  select
    (select coalesce(json_agg(json_build_object('status', status, 'experts', experts)), '[]')
     from (select status, count(*) as experts from experts group by status) by_status) as experts,
    (select coalesce(json_agg(json_build_object('code', code, 'experts', experts)), '[]')
     from (
       select coalesce(split_part(status_reason, ':', 1), '') as code, count(*) as experts
       from experts where status = 'paused' group by 1
     ) by_code) as paused,
    (select coalesce(json_agg(json_build_object('status', status, 'stage', stage, 'code', code, 'files', files,
       'tokens', tokens, 'tokensReused', tokens_reused)), '[]')
     from (
       select status, stage, code, count(*) as files, coalesce(sum(tokens), 0) as tokens,
         coalesce(sum(tokens_reused), 0) as tokens_reused
       from expert_files group by status, stage, code
     ) alike) as files,
    (select coalesce(extract(epoch from now() - min(f.updated_at)), 0)::float8
     from experts e join expert_files f on f.expert_id = e.id
     where e.status in ('queued', 'processing') and f.status = 'pending') as pending_seconds,
    (select coalesce(extract(epoch from now() - min(updated_at)), 0)::float8
     from experts where status = 'queued') as queued_seconds`

type Row = Pick<Inventory, 'experts' | 'paused' | 'files'> & { pending_seconds: number; queued_seconds: number }

export class PostgresInventoryStore implements InventoryStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async take(): Promise<Inventory> {
    const { rows } = await this.#pool.query<Row>(INVENTORY)
    const {
      experts = [],
      paused = [],
      files = [],
      pending_seconds: pending = 0,
      queued_seconds: queued = 0,
    } = rows[0] ?? {}
    return { experts, paused, files, oldestPendingFileSeconds: pending, oldestQueuedExpertSeconds: queued }
  }
}
