import type { BuildRef, Making, ReindexStatus } from '../domain/reindex.ts'

/* What the queries of re-indexes have in common. `b` is the build, `e` its expert, `ef` a file of what serves, `f` the file itself, `fb` the file in the generation that does not serve. */

export type BuildRow = {
  expert_id: string
  generation: number
  previous: number
  serving: number
  built_with: Making
  served_with: Making
  status: ReindexStatus
  status_reason: string | null
  estimate: Record<string, unknown>
  created_at: Date
  switched_at: Date | null
  updated_at: Date
}

export const IS_OPEN = `b.status not in ('done', 'rolled_back', 'cancelled')`

/** While files may be written into the generation that does not serve. */
export const IS_BUILDING = `b.status in ('building', 'paused', 'verifying', 'rolling_back')`

/** The generation that does not serve. */
export const OTHER = 'case when e.generation = b.generation then b.previous else b.generation end'

/** Rows of the generation that does not serve, of the build $2 of the expert $1. */
export const OF_OTHER = `fb.expert_id = $1 and fb.generation = (
  select ${OTHER} from expert_builds b join experts e on e.id = b.expert_id where b.expert_id = $1 and b.generation = $2)`

/** A page of them, in the order of the files' ids. */
export const BEHIND = `and ($3 = '' or fb.file_id > nullif($3, '')::uuid) order by fb.file_id limit $4`

/** How the generation with that number is made. */
export const makingOf = (generation: string) =>
  `case when ${generation} = b.generation then b.built_with else b.served_with end`

/**
 * Whether vectors are of the bytes that they ought to be of: a re-index reads files as they are now; to a roll-back what serves is as good,
 * which may be older. Of files that were indexed by older versions nobody knows.
 */
const HAS_CONTENT = `coalesce(case when e.generation = b.previous then fb.sha256 = f.sha256
  else fb.sha256 = f.sha256 or fb.sha256 = ef.sha256 end, true)`

/** Whether the file is there too. */
export const IS_BUILT = `(fb.status = 'indexed' and ${HAS_CONTENT})`

/** Every file that serves, beside what there is of it in the other generation. */
const FILES_BESIDE = `
  left join expert_files ef on ef.expert_id = b.expert_id and ef.status = 'indexed'
  left join files f on f.id = ef.file_id
  left join expert_file_builds fb
    on fb.expert_id = b.expert_id and fb.file_id = ef.file_id and fb.generation = ${OTHER}`

/** Those of the build $2 of the expert $1. */
export const SERVING_FILES = `
  from expert_builds b join experts e on e.id = b.expert_id ${FILES_BESIDE}
  where b.expert_id = $1 and b.generation = $2 and ef.file_id is not null`

export const COUNTS = `
  count(ef.file_id)::int as files, (count(*) filter (where ${IS_BUILT}))::int as built,
  (count(*) filter (where fb.status = 'failed'))::int as failed,
  (count(ef.file_id) filter (where not coalesce(${IS_BUILT} or fb.status = 'failed', false)))::int as pending`

/** The open re-index of the expert `e`, in a few words; null where there is none. */
export const OPEN_REINDEX = `(
  select to_jsonb(r) from (
    select b.generation, b.status, ${COUNTS} from expert_builds b ${FILES_BESIDE}
    where b.expert_id = e.id and ${IS_OPEN} group by b.generation, b.status
  ) r)`

export const idsOf = ({ expertId, generation }: BuildRef) => [expertId, generation]
