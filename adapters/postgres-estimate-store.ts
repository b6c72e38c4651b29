import type pg from 'pg'
import { DERIVED_DAYS } from '../domain/derived-days.ts'
import { LOCAL_ENDING } from '../domain/embedders.ts'
import type { EstimateStore, ExpectedRecipe, FileFacts } from '../domain/estimate.ts'
import type { FailureCode } from '../domain/failure.ts'
import type { FileRow } from './postgres-file-store.ts'

type FactsRow = Pick<
  FileRow,
  'id' | 'original_name' | 'size' | 'type' | 'sha256' | 'processing_status' | 'word_count' | 'language'
> & {
  tokens: number | null
  is_counted_alike: boolean | null
  is_embedded: boolean | null
  may_be_embedded: boolean | null
  failed_by: FailureCode | null
}

/**
 * Derived artefacts are kept as long as an expert has a file of the content, whoever's it is, and the bucket's rules let them be,
 * so its row tells of them; no object store is asked. A file that got new content since it was indexed is not `processed`.
 */
const FACTS = `
  select f.id, f.original_name, f.size::integer as size, f.type, f.sha256, f.processing_status, f.word_count, f.language,
    known.tokens, known.is_counted_alike, known.is_embedded, known.may_be_embedded, case when f.processing_status = 'failed' then failed.code end as failed_by
  from unnest($2::uuid[]) as wanted (id) join files f using (id)
  left join lateral (
    select ef.tokens,
      e.embedding_model = $3 or not (e.embedding_model ~ '${LOCAL_ENDING}' or $3 ~ '${LOCAL_ENDING}') as is_counted_alike,
      coalesce(ef.recipe = $5, false) as is_alike,
      coalesce(ef.recipe = $5 and ef.embedded_at > now() - interval '${DERIVED_DAYS} days', false) as is_embedded,
      e.embedding_model = $3 and e.embedding_dimensions = $4 as may_be_embedded
    from files same join expert_files ef on ef.file_id = same.id join experts e on e.id = ef.expert_id
    where same.sha256 = f.sha256 and same.processing_status = 'processed' and ef.status = 'indexed'
    order by is_embedded desc, is_alike desc, may_be_embedded desc, is_counted_alike desc limit 1
  ) known on true
  left join lateral (
    select code from expert_files where file_id = f.id and status = 'failed' order by updated_at desc limit 1
  ) failed on f.processing_status = 'failed'
  where f.user_id = $1`

export class PostgresEstimateStore implements EstimateStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async facts(
    userId: string,
    fileIds: readonly string[],
    { model, dimensions, name }: ExpectedRecipe,
  ): Promise<FileFacts[]> {
    const { rows } = await this.#pool.query<FactsRow>(FACTS, [userId, fileIds, model, dimensions, name])
    return rows.map(toFacts)
  }
}

const toFacts = (row: FactsRow): FileFacts => ({
  id: row.id,
  originalName: row.original_name,
  size: row.size,
  type: row.type,
  sha256: row.sha256,
  processingStatus: row.processing_status,
  wordCount: row.word_count,
  language: row.language,
  tokens: row.tokens,
  isCountedAlike: row.is_counted_alike ?? true,
  isEmbedded: row.is_embedded ?? false,
  mayBeEmbedded: row.may_be_embedded ?? false,
  failedBy: row.failed_by,
})
