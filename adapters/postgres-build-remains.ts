import type pg from 'pg'
import type { BuildRef, Derived, DerivedFile } from '../domain/reindex.ts'
import { BEHIND, IS_BUILDING, idsOf, makingOf, OF_OTHER } from './postgres-builds.ts'

/** Of unfinished ones nobody knows by which recipe, or of which content, they were begun. */
const DERIVED = `
  select fb.file_id as "fileId", array_remove(array[fb.sha256, nullif(f.sha256, fb.sha256)], null) as contents,
    making->>'model' as model, (making->>'dimensions')::int as dimensions
  from expert_file_builds fb join files f on f.id = fb.file_id
  join expert_builds b on b.expert_id = $1 and b.generation = $2, lateral (select ${makingOf('fb.generation')} as making) made
  where ${OF_OTHER}`

/**
 * Made by the recipe $4 of the content $3, or perhaps just about to be: nobody knows the recipe of what is not done, or was done long ago; another re-index
 * has no rows of files that it has not come to.
 */
const IS_USED = `
  select exists (
    select from files f join expert_files ef on ef.file_id = f.id join experts e on e.id = ef.expert_id
    where f.sha256 = $3 and ef.status <> 'removing' and e.status <> 'deleting'
      and (ef.recipe = $4 or ef.status in ('pending', 'processing') or ef.status = 'indexed' and ef.recipe is null)
  ) or exists (
    select from files f join expert_file_builds fb on fb.file_id = f.id
    where f.sha256 = $3 and (fb.recipe = $4 or fb.status in ('pending', 'processing')) and not (${OF_OTHER})
  ) or exists (
    select from expert_builds b join expert_files ef on ef.expert_id = b.expert_id join files f on f.id = ef.file_id
    where f.sha256 = $3 and ef.status = 'indexed' and ${IS_BUILDING} and (b.expert_id, b.generation) <> ($1, $2)
  ) as "isUsed"`

/** What may be left of the generation that does not serve, in the object store. */
export async function derivedFiles(
  pool: pg.Pool,
  build: BuildRef,
  after: string,
  limit: number,
): Promise<DerivedFile[]> {
  const { rows } = await pool.query<DerivedFile>(`${DERIVED} ${BEHIND}`, [...idsOf(build), after, limit])
  return rows
}

export async function isDerivedUsed(pool: pg.Pool, build: BuildRef, { sha256, recipe }: Derived): Promise<boolean> {
  const { rows } = await pool.query<{ isUsed: boolean }>(IS_USED, [...idsOf(build), sha256, recipe])
  return rows[0]?.isUsed ?? false
}
