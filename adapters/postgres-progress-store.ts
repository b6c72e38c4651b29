import type pg from 'pg'
import type { ExpertStatus, ExpertSummary } from '../domain/expert.ts'
import type { ChangedFile, ExpertLook, ProgressStore } from '../domain/ports.ts'
import { PROGRESS } from './postgres-expert-store.ts'

const RATE_WINDOW = `interval '30 seconds'`

/**
 * Which transaction wrote a row is in every row (`xmin`, its lower 32 bits), so that asking for what has changed costs those
 * who change it nothing: no column, no index. All transactions before the oldest one that still runs are over, and can be
 * seen: whoever asks from there the next time misses nothing, where times would miss what is committed late.
 */
const OLDEST_RUNNING = 'pg_snapshot_xmin(pg_current_snapshot())::text::bigint'
const CHANGED_BY = 's.cursor + ((ef.xmin::text::bigint - s.cursor + 2147483648) & 4294967295) - 2147483648'

const LOOK = `
  select e.status, e.status_reason, e.summary, e.summarized_at, s.cursor::float8, p.*, r.ended,
    extract(epoch from least(${RATE_WINDOW}, now() - e.pass_began_at))::float8 as seconds, c.changed
  from experts e
  cross join (select ${OLDEST_RUNNING} as cursor) s
  cross join lateral (${PROGRESS} and expert_id = e.id) p
  cross join lateral (
    select count(*)::int as ended from expert_files
    where expert_id = e.id and status in ('indexed', 'failed')
      and updated_at >= greatest(e.pass_began_at, now() - ${RATE_WINDOW})
  ) r
  cross join lateral (
    select coalesce(json_agg(json_build_object('fileId', ef.file_id, 'name', f.original_name, 'status', ef.status,
      'stage', ef.stage, 'code', ef.code, 'message', ef.message, 'changedBy', ${CHANGED_BY}) order by ef.position), '[]') as changed
    from expert_files ef join files f on f.id = ef.file_id
    where ef.expert_id = e.id and ${CHANGED_BY} >= $3::bigint
  ) c
  where e.user_id = $1 and e.id = $2`

type LookRow = {
  status: ExpertStatus
  status_reason: string | null
  summary: ExpertSummary | null
  summarized_at: Date | null
  cursor: number
  files: number
  indexed: number
  failed: number
  pending: number
  ended: number
  seconds: number
  changed: ChangedFile[]
}

export class PostgresProgressStore implements ProgressStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async look(userId: string, expertId: string, since?: number): Promise<ExpertLook | undefined> {
    const { rows } = await this.#pool.query<LookRow>(LOOK, [userId, expertId, since ?? null])
    return rows[0] && toLook(rows[0])
  }
}

const toLook = (row: LookRow): ExpertLook => ({
  status: row.status,
  statusReason: row.status_reason,
  summary: row.summary,
  summarizedAt: row.summarized_at,
  progress: { files: row.files, indexed: row.indexed, failed: row.failed, pending: row.pending },
  filesPerSecond: row.status === 'processing' ? row.ended / Math.max(row.seconds, 1) : 0,
  cursor: row.cursor,
  files: row.changed,
})
