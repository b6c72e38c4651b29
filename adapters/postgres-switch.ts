import type pg from 'pg'
import type { BuildRef, Making, SwitchOutcome } from '../domain/reindex.ts'
import { IS_BUILT, IS_OPEN, makingOf, OTHER, SERVING_FILES } from './postgres-builds.ts'
import { transaction } from './postgres-database.ts'

/** Whoever has indexed a file in what serves holds the row until that is committed, or waits here and is told that it came too late. */
const LOCK = `select generation from experts where id = $1 and status <> 'deleting' for no key update`

const MISSING = `select count(*)::int as missing ${SERVING_FILES} and not coalesce(${IS_BUILT}, false)`

const COLUMNS = 'sha256, pages, pages_skipped, tokens, tokens_reused, recipe, embedded_at, stage_seconds'
const of = (table: string) => COLUMNS.replaceAll(/\w+/g, `${table}.$&`)
const FROM_INCOMING = COLUMNS.replaceAll(/\w+/g, '$& = incoming.$&')

/** What there is of the files in the two generations changes places. Chunks of a file that is being removed have to go from both. */
const SWAP = `
  with incoming as (
    delete from expert_file_builds fb using expert_builds b, experts e
    where b.expert_id = $1 and b.generation = $2 and e.id = $1 and fb.expert_id = $1 and fb.generation = ${OTHER}
    returning fb.*
  ), outgoing as (
    insert into expert_file_builds (expert_id, generation, file_id, status, chunks, ${COLUMNS})
    select ef.expert_id, e.generation, ef.file_id, 'indexed', ef.chunks, ${of('ef')}
    from expert_files ef join experts e on e.id = ef.expert_id where ef.expert_id = $1 and ef.status = 'indexed'
  )
  update expert_files ef set ${FROM_INCOMING}, updated_at = now(),
    chunks = case when ef.status = 'removing' then greatest(ef.chunks, incoming.chunks) else incoming.chunks end
  from incoming where ef.expert_id = $1 and ef.file_id = incoming.file_id and ef.status in ('indexed', 'removing')`

const MAKE_SERVE = `
  update experts set generation = $2, embedding_provider = $3, embedding_model = $4, embedding_dimensions = $5,
    embedding_reason = $6, chunk_tokens = $7, chunk_overlap_tokens = $8, updated_at = now()
  where id = $1`

const TELL = `
  update expert_builds set status = case when generation = $3 then 'switched' else 'cleaning' end, status_reason = null,
    switched_at = now(), updated_at = now()
  where expert_id = $1 and generation = $2`

/**
 * Makes the generation `to` the one that serves, with its model and chunks, and keeps what there was of the other one, so that the
 * way back is the same. Whoever reads sees all of it, or nothing.
 */
export function switchGeneration(
  pool: pg.Pool,
  { expertId, generation }: BuildRef,
  to: number,
): Promise<SwitchOutcome> {
  return transaction(pool, async (client) => {
    const { rows: serving } = await client.query<{ generation: number }>(LOCK, [expertId])
    if (!serving[0]) return { isSwitched: false, missing: 0 }
    // An earlier attempt did it, and died before it could say so.
    if (serving[0].generation === to) return { isSwitched: true, missing: 0 }
    const { rows: counted } = await client.query<{ missing: number }>(MISSING, [expertId, generation])
    const missing = counted[0]?.missing ?? 0
    const { rows } = await client.query<{ making: Making }>(
      `select ${makingOf('$3')} as making from expert_builds b where b.expert_id = $1 and b.generation = $2
         and $3 in (b.generation, b.previous) and ${IS_OPEN}`,
      [expertId, generation, to],
    )
    const [row] = rows
    if (missing > 0 || !row) return { isSwitched: false, missing }
    await client.query(SWAP, [expertId, generation])
    const { provider, model, dimensions, reason, chunking } = row.making
    const sizes = [chunking?.maxTokens ?? null, chunking?.overlapTokens ?? null]
    await client.query(MAKE_SERVE, [expertId, to, provider, model, dimensions, reason, ...sizes])
    await client.query(TELL, [expertId, generation, to])
    return { isSwitched: true, missing: 0 }
  })
}
