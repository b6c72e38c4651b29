import type pg from 'pg'
import type { Embedder } from '../domain/ports.ts'

/**
 * Whether any expert, of whichever user, has a file that is indexed by this embedding model: then there is an index that
 * holds its vectors. Files that are about to be stored do not count, so that the first ones may find none.
 */
export async function hasIndexedFiles(
  pool: pg.Pool,
  { model, dimensions }: Pick<Embedder, 'model' | 'dimensions'>,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `select from expert_files ef join experts e on e.id = ef.expert_id
     where ef.status = 'indexed' and ef.chunks > 0 and e.embedding_model = $1 and e.embedding_dimensions = $2 limit 1`,
    [model, dimensions],
  )
  return rowCount === 1
}
