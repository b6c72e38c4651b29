import type pg from 'pg'
import type { ModelOfExpert } from '../domain/embedders.ts'
import type { Expert } from '../domain/expert.ts'
import { IS_OPEN } from './postgres-builds.ts'
import { patient } from './postgres-database.ts'
import type { ExpertRow } from './postgres-expert-store.ts'
import { SELECT_EXPERT, toExpert } from './postgres-expert-store.ts'

const AVAILABLE = '(e.embedding_model, e.embedding_dimensions) in (select * from unnest($2::text[], $3::integer[]))'

/** Two generations can't be stored again at once, and which of them was lost nobody can say. */
const IS_REINDEXED = `exists (select from expert_builds b where b.expert_id = e.id and ${IS_OPEN})`

/** In one go, so that none of them counts as indexed any more when the first one is stored: an index that is gone is made again then. */
const MARK = `
  with again as (
    update expert_files ef set status = 'pending', stage = null, code = null, message = null, attempts = 0,
      turn = nextval('expert_file_turns'), updated_at = now()
    from experts e where e.id = ef.expert_id and e.status <> 'deleting' and ef.status = 'indexed'
      and ($1::uuid[] is null or e.id = any ($1)) and ${AVAILABLE} and not ${IS_REINDEXED}
    returning ef.expert_id
  )
  update experts set status = 'queued', status_reason = null, updated_at = now()
  where id in (select expert_id from again)`

const OTHERS = `
  select e.id, e.name, e.embedding_model as model, e.embedding_dimensions as dimensions from experts e
  where e.status <> 'deleting' and ($1::uuid[] is null or e.id = any ($1))
    and not ${AVAILABLE} and not ${IS_REINDEXED}
    and exists (select from expert_files where expert_id = e.id and status = 'indexed')
  order by e.id`

const MARKED = `${SELECT_EXPERT}
  where p.pending > 0 and e.status <> 'deleting' and ($1::uuid[] is null or e.id = any ($1))
    and ${AVAILABLE} and not ${IS_REINDEXED}
  order by e.id`

const REINDEXED = `
  select e.id, e.name from experts e
  where e.status <> 'deleting' and ($1::uuid[] is null or e.id = any ($1)) and ${IS_REINDEXED} order by e.id`

/** An expert that only workers of another configuration could store again. */
type OtherExpert = Pick<Expert, 'id' | 'name'> & { readonly model: string; readonly dimensions: number }

/** `others`: that are left as they are, since their model is not available; `reindexed`: since they are being re-indexed. */
export type Marked = {
  readonly experts: readonly Expert[]
  readonly others: readonly OtherExpert[]
  readonly reindexed: readonly Pick<Expert, 'id' | 'name'>[]
}

/**
 * Makes the indexed files of these experts, or of all, pending again, as far as they were made with a model that is available. Their rows go
 * on saying how many vectors there may be.
 * @returns the experts that have something to do, also what an earlier call has marked; and those that were left as they are
 */
export async function markForRebuild(
  pool: pg.Pool,
  isAvailable: (expert: ModelOfExpert) => boolean,
  expertIds?: readonly string[],
): Promise<Marked> {
  const { rows: models } = await pool.query<ModelOfExpert>(
    'select distinct embedding_model as "embeddingModel", embedding_dimensions as "embeddingDimensions" from experts',
  )
  const available = models.filter(isAvailable)
  const values = [
    expertIds ?? null,
    available.map(({ embeddingModel }) => embeddingModel),
    available.map(({ embeddingDimensions }) => embeddingDimensions),
  ]
  await pool.query(patient(MARK, values))
  const { rows } = await pool.query<ExpertRow>(patient(MARKED, values))
  const { rows: others } = await pool.query<OtherExpert>(patient(OTHERS, values))
  const { rows: reindexed } = await pool.query<Marked['reindexed'][number]>(patient(REINDEXED, [expertIds ?? null]))
  return { experts: rows.map(toExpert), others, reindexed }
}
