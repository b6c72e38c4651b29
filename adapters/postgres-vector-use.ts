import type pg from 'pg'

/**
 * Whether any expert, of whichever user, has a file that is indexed by vectors of this length: then there is an index that
 * holds them. Files that are about to be stored do not count, so that the first ones may find none.
 */
export async function hasIndexedFiles(pool: pg.Pool, dimensions: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `select from expert_files ef join experts e on e.id = ef.expert_id
     where ef.status = 'indexed' and ef.chunks > 0 and e.embedding_dimensions = $1 limit 1`,
    [dimensions],
  )
  return rowCount === 1
}

/** The lengths of vectors of which the same holds. */
export async function lengthsInUse(pool: pg.Pool): Promise<number[]> {
  const { rows } = await pool.query<{ length: number }>(
    `select distinct e.embedding_dimensions as length from experts e
     where exists (select from expert_files ef where ef.expert_id = e.id and ef.status = 'indexed' and ef.chunks > 0)
     order by length`,
  )
  return rows.map(({ length }) => length)
}
