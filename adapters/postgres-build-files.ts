import type pg from 'pg'
import type { ExpertStatus } from '../domain/expert.ts'
import type { Stage } from '../domain/failure.ts'
import type { BegunStage, ExpertFacts, FileContext, FileFailure, FileRuns, IndexedFile } from '../domain/ports.ts'
import type { Making } from '../domain/reindex.ts'
import { IS_BUILDING, makingOf } from './postgres-builds.ts'
import type { FileRow } from './postgres-file-store.ts'
import { FILE_COLUMNS, toStoredFile } from './postgres-file-store.ts'

/** The row of $3 in the generation $2 of the expert $1, in the turn $4. */
const THIS = 'fb.expert_id = $1 and fb.generation = $2 and fb.file_id = $3 and fb.turn = $4::bigint'

/** Whether somebody wants its vectors: the generation is being built, does not serve, and what serves has the file. */
const IS_WANTED = `exists (
  select from expert_builds b join experts e on e.id = b.expert_id
  join expert_files ef on ef.expert_id = e.id and ef.file_id = fb.file_id
  where b.expert_id = fb.expert_id and fb.generation in (b.generation, b.previous) and ${IS_BUILDING}
    and e.generation <> fb.generation and e.status <> 'deleting' and ef.status = 'indexed')`

type FactsRow = { expert_id: string; owner_id: string; expert_status: ExpertStatus; making: Making }

/** The files of a generation that is built beside the one that serves. What serves is not touched: its files stay searchable. */
export class PostgresBuildFiles implements FileRuns {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async beginStage(file: FileContext, stage: Stage, attempt: number): Promise<BegunStage | undefined> {
    const { rows } = await this.#pool.query<FileRow & FactsRow>(
      `with begun as (
         update expert_file_builds fb set status = 'processing', stage = $5, attempts = $6, updated_at = now()
         where ${THIS} and fb.status in ('pending', 'processing') and ${IS_WANTED}
         returning fb.file_id
       )
       select f.*, e.id as expert_id, e.user_id as owner_id, e.status as expert_status, ${makingOf('$2')} as making
       from begun join (select ${FILE_COLUMNS} from files) f on f.id = begun.file_id
       join experts e on e.id = $1 join expert_builds b on b.expert_id = e.id and ${IS_BUILDING}`,
      [...idsOf(file), stage, attempt],
    )
    return rows[0] && { file: toStoredFile(rows[0]), expert: toFacts(rows[0], generationOf(file)) }
  }

  isCurrent(file: FileContext, stage: Stage, attempt: number): Promise<boolean> {
    return this.#is(
      `select from expert_file_builds fb
       where ${THIS} and fb.status = 'processing' and fb.stage = $5 and fb.attempts = $6 and ${IS_WANTED}`,
      [...idsOf(file), stage, attempt],
    )
  }

  async expectChunks(file: FileContext, chunks: number): Promise<number> {
    const { rows } = await this.#pool.query<{ before: number }>(
      `update expert_file_builds fb set chunks = greatest(old.chunks, $5)
       from expert_file_builds old
       where ${THIS} and (old.expert_id, old.generation, old.file_id) = (fb.expert_id, fb.generation, fb.file_id)
       returning coalesce(old.chunks, 0) as before`,
      [...idsOf(file), chunks],
    )
    return rows[0]?.before ?? 0
  }

  accountFor({ expertId, fileId, build }: FileContext, chunks: number): Promise<boolean> {
    return this.#is(
      `update expert_file_builds fb set chunks = greatest(fb.chunks, $4)
       where fb.expert_id = $1 and fb.generation = $2 and fb.file_id = $3
         and fb.status in ('pending', 'processing', 'indexed') and ${IS_WANTED}`,
      [expertId, build, fileId, chunks],
    )
  }

  isIndexed(file: FileContext): Promise<boolean> {
    return this.#is(`select from expert_file_builds fb where ${THIS} and fb.status = 'indexed'`, idsOf(file))
  }

  async possibleChunks(file: FileContext): Promise<number> {
    const { rows } = await this.#pool.query<{ chunks: number | null }>(
      `select chunks from expert_file_builds fb where ${THIS} and fb.status in ('pending', 'processing')`,
      idsOf(file),
    )
    return rows[0]?.chunks ?? 0
  }

  markIndexed(file: FileContext, indexed: IndexedFile): Promise<boolean> {
    return this.#is(
      `with done as (
         update expert_file_builds fb set status = 'indexed', stage = null, code = null, message = null,
           pages = $5, pages_skipped = $6, chunks = $7, tokens = $8, tokens_reused = $9, stage_seconds = $10,
           embedded_at = case when $9::integer < $8::integer then now() when recipe = $12 then embedded_at end,
           recipe = $12, sha256 = $11, updated_at = now()
         where ${THIS} and fb.status = 'processing' and ${IS_WANTED}
         returning fb.file_id
       ), spared as (
         insert into expert_costs as cost (expert_id, tokens_reused) select $1, $9 from done where $9 > 0
         on conflict (expert_id) do update set tokens_reused = cost.tokens_reused + excluded.tokens_reused
       )
       select from done`,
      [
        ...idsOf(file),
        indexed.pages,
        indexed.pagesSkipped,
        indexed.chunks,
        indexed.tokens,
        indexed.tokensReused,
        JSON.stringify(indexed.seconds),
        indexed.sha256,
        indexed.recipe,
      ],
    )
  }

  async markFailed(file: FileContext, { stage, code, message }: FileFailure): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ s3_key: string }>(
      `with done as (
         update expert_file_builds fb set status = 'failed', stage = $5, code = $6, message = $7, chunks = null,
           updated_at = now()
         where ${THIS} and fb.status in ('pending', 'processing') returning fb.file_id
       )
       select s3_key from files where id = (select file_id from done)`,
      [...idsOf(file), stage, code, message],
    )
    return rows[0]?.s3_key
  }

  async postpone(file: FileContext): Promise<void> {
    await this.#pool.query(
      `update expert_file_builds fb set status = 'pending', turn = nextval('expert_file_turns'), updated_at = now()
       where ${THIS} and fb.status = 'processing'`,
      idsOf(file),
    )
  }

  async #is(query: string, values: unknown[]): Promise<boolean> {
    return (await this.#pool.query(query, values)).rowCount === 1
  }
}

const generationOf = ({ build }: FileContext): number => {
  if (build === undefined) throw new Error('the file is not one of a build')
  return build
}

const idsOf = (file: FileContext) => [file.expertId, generationOf(file), file.fileId, file.turn]

const toFacts = ({ expert_id, owner_id, expert_status, making }: FactsRow, generation: number): ExpertFacts => ({
  id: expert_id,
  userId: owner_id,
  status: expert_status,
  generation,
  embeddingModel: making.model,
  embeddingDimensions: making.dimensions,
  chunking: making.chunking,
})
