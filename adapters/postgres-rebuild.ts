import type pg from 'pg'
import type { Expert } from '../domain/expert.ts'
import { patient } from './postgres-database.ts'
import type { ExpertRow } from './postgres-expert-store.ts'
import { SELECT_EXPERT, toExpert } from './postgres-expert-store.ts'

/** In one go, so that none of them counts as indexed any more when the first one is stored: an index that is gone is made again then. */
const MARK = `
  with again as (
    update expert_files ef set status = 'pending', stage = null, code = null, message = null, attempts = 0,
      turn = nextval('expert_file_turns'), updated_at = now()
    from experts e where e.id = ef.expert_id and e.status <> 'deleting' and ef.status = 'indexed'
      and ($1::uuid[] is null or e.id = any ($1))
    returning ef.expert_id
  )
  update experts set status = 'queued', status_reason = null, updated_at = now()
  where id in (select expert_id from again)`

/**
 * Makes the indexed files of these experts, or of all, pending again. Their rows go on saying how many vectors there may be.
 * @returns the experts that have something to do, also what an earlier call has marked
 */
export async function markForRebuild(pool: pg.Pool, expertIds?: readonly string[]): Promise<Expert[]> {
  await pool.query(patient(MARK, [expertIds ?? null]))
  const { rows } = await pool.query<ExpertRow>(
    patient(
      `${SELECT_EXPERT} where p.pending > 0 and e.status <> 'deleting' and ($1::uuid[] is null or e.id = any ($1)) order by e.id`,
      [expertIds ?? null],
    ),
  )
  return rows.map(toExpert)
}
