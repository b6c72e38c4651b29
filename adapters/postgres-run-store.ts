import type pg from 'pg'
import type { ExpertStatus, ExpertSummary, FailedFile, Progress } from '../domain/expert.ts'
import { FAILED_FILES_IN_SUMMARY, FILES_PER_REQUEST, finalStatus } from '../domain/expert.ts'
import type { FailureCode, Stage } from '../domain/failure.ts'
import { FAILURES, Failure, STAGES } from '../domain/failure.ts'
import type {
  BegunStage,
  ExpertFacts,
  FileContext,
  FileFailure,
  IndexedFile,
  OpenedRun,
  PendingPage,
  RemovedFile,
  RunStore,
} from '../domain/ports.ts'
import { IS_OPEN } from './postgres-builds.ts'
import { transaction } from './postgres-database.ts'
import type { ChunkingRow } from './postgres-expert-store.ts'
import { attachFiles, countProgress, toChunking } from './postgres-expert-store.ts'
import type { FileRow } from './postgres-file-store.ts'
import { FILE_COLUMNS, toStoredFile } from './postgres-file-store.ts'

type TotalsRow = {
  files: number
  indexed: number
  failed: number
  pages: number
  pages_skipped: number
  chunks: number
  tokens_embedded: number
  tokens_reused: number
} & Record<Stage, number>

const TOTALS = `
  select count(*)::int as files,
    (count(*) filter (where status = 'indexed'))::int as indexed,
    (count(*) filter (where status = 'failed'))::int as failed,
    coalesce(sum(pages) filter (where status = 'indexed'), 0)::int as pages,
    coalesce(sum(pages_skipped) filter (where status = 'indexed'), 0)::int as pages_skipped,
    coalesce(sum(chunks) filter (where status = 'indexed'), 0)::int as chunks,
    coalesce(sum(tokens - tokens_reused) filter (where status = 'indexed'), 0)::float8 as tokens_embedded,
    coalesce(sum(tokens_reused) filter (where status = 'indexed'), 0)::float8 as tokens_reused,
    ${STAGES.map((stage) => `round(coalesce(sum((stage_seconds->>'${stage}')::numeric), 0), 3)::float8 as ${stage}`).join(', ')}
  from expert_files where expert_id = $1 and status <> 'removing'`

/** Rows of that turn; all, where who asks was begun by an older worker, which knew of none. */
const ofTurn = (parameter: string) => `(${parameter}::bigint is null or turn = ${parameter}::bigint)`

const CANCEL = `
  update expert_files set status = 'cancelled', chunks = null, code = 'CANCELLED', message = $2, updated_at = now()
  where expert_id = $1 and status in ('pending', 'processing')`

const FACTS =
  'e.id as expert_id, e.user_id as owner_id, e.status as expert_status, e.generation, e.embedding_model, e.embedding_dimensions, e.chunk_tokens, e.chunk_overlap_tokens'

type FactsRow = {
  expert_id: string
  owner_id: string
  expert_status: ExpertStatus
  generation: number
  embedding_model: string
  embedding_dimensions: number
} & ChunkingRow

const toFacts = (row: FactsRow): ExpertFacts => ({
  id: row.expert_id,
  userId: row.owner_id,
  status: row.expert_status,
  generation: row.generation,
  embeddingModel: row.embedding_model,
  embeddingDimensions: row.embedding_dimensions,
  chunking: toChunking(row),
})

export class PostgresRunStore implements RunStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async open(expertId: string): Promise<OpenedRun | undefined> {
    // A run that was terminated left files in processing; this run is the only one now, so they are its to do.
    await this.#pool.query(
      `update expert_files set status = 'pending', stage = null where expert_id = $1 and status = 'processing'`,
      [expertId],
    )
    await this.setStatus(expertId, 'processing')
    const expert = await this.find(expertId)
    return expert && { ...expert, progress: await this.progress(expertId), removing: await this.#removing(expertId) }
  }

  async find(expertId: string): Promise<ExpertFacts | undefined> {
    const { rows } = await this.#pool.query<FactsRow>(`select ${FACTS} from experts e where id = $1`, [expertId])
    return rows[0] && toFacts(rows[0])
  }

  async setStatus(expertId: string, status: ExpertStatus, reason?: string): Promise<void> {
    await this.#pool.query(
      // A run that goes on as another one is in the same pass.
      `update experts set status = $2::text, status_reason = $3, updated_at = now(),
         pass_began_at = case when $2::text = 'processing' and status <> 'processing' then now() else pass_began_at end
       where id = $1 and status <> 'deleting'`,
      [expertId, status, reason ?? null],
    )
  }

  async pendingFiles(expertId: string, after: string, limit: number): Promise<PendingPage> {
    const { rows } = await this.#pool.query<{ file_id: string; name: string; turn: string | null; position: string }>(
      `select ef.file_id, f.original_name as name, ef.turn, ef.position from expert_files ef join files f on f.id = ef.file_id
       where ef.expert_id = $1 and ef.status = 'pending' and ef.position > $2 order by ef.position limit $3`,
      [expertId, after, limit],
    )
    return {
      files: rows.map((row) => ({ fileId: row.file_id, name: row.name, turn: row.turn ?? undefined })),
      last: rows.at(-1)?.position ?? after,
    }
  }

  async beginStage(
    { expertId, fileId, turn }: FileContext,
    stage: Stage,
    attempt: number,
  ): Promise<BegunStage | undefined> {
    const { rows } = await this.#pool.query<FileRow & FactsRow>(
      `with begun as (
         update expert_files set status = 'processing', stage = $3, attempts = $4, updated_at = now()
         where expert_id = $1 and file_id = $2 and status in ('pending', 'processing') and ${ofTurn('$5')}
         returning file_id
       ), shown as (
         update files set updated_at = now(), processing_status = 'processing'
         where id = (select file_id from begun) and processing_status not in ('not_stored', 'processing', 'deleting')
       )
       select f.*, ${FACTS} from begun join (select ${FILE_COLUMNS} from files) f on f.id = begun.file_id
       join experts e on e.id = $1`,
      [expertId, fileId, stage, attempt, turn],
    )
    return rows[0] && { file: toStoredFile(rows[0]), expert: toFacts(rows[0]) }
  }

  async isCurrent({ expertId, fileId, turn }: FileContext, stage: Stage, attempt: number): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `select from expert_files
       where expert_id = $1 and file_id = $2 and status = 'processing' and stage = $3 and attempts = $4
         and ${ofTurn('$5')}`,
      [expertId, fileId, stage, attempt, turn],
    )
    return rowCount === 1
  }

  async expectChunks({ expertId, fileId, turn }: FileContext, chunks: number): Promise<number> {
    const { rows } = await this.#pool.query<{ before: number }>(
      `update expert_files new set chunks = greatest(old.chunks, $3)
       from expert_files old
       where new.expert_id = $1 and new.file_id = $2 and old.expert_id = $1 and old.file_id = $2
         and ($4::bigint is null or new.turn = $4::bigint)
       returning coalesce(old.chunks, 0) as before`,
      [expertId, fileId, chunks, turn],
    )
    return rows[0]?.before ?? 0
  }

  async accountFor({ expertId, fileId }: FileContext, chunks: number): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `update expert_files set chunks = greatest(chunks, $3)
       where expert_id = $1 and file_id = $2 and status in ('pending', 'processing', 'indexed')`,
      [expertId, fileId, chunks],
    )
    return rowCount === 1
  }

  async markIndexed({ expertId, fileId, turn }: FileContext, file: IndexedFile): Promise<boolean> {
    const { rows } = await this.#pool.query<{ serving: number; done: number }>(
      `with serving as (
         -- Against a switch, which locks the row too: what was written must be what serves.
         select generation from experts where id = $1 and generation = $12 for share
       ), done as (
         update expert_files set status = 'indexed', stage = null, code = null, message = null,
           pages = $3, pages_skipped = $4, chunks = $5, tokens = $6, tokens_reused = $7, stage_seconds = $8,
           embedded_at = case when $7::integer < $6::integer then now() when recipe = $11 then embedded_at end,
           recipe = $11, sha256 = $9, updated_at = now()
         where expert_id = $1 and file_id = $2 and status = 'processing' and ${ofTurn('$10')}
           and exists (select from serving) returning file_id
       ), shown as (
         -- Not of new content that came meanwhile: that is as it was uploaded.
         update files set updated_at = now(), processing_status = case when sha256 = $9 then 'processed'
           when processing_status = 'processing' then 'uploaded' else processing_status end
         where id = (select file_id from done) and processing_status <> 'deleting'
       )
       , spared as (
         insert into expert_costs as cost (expert_id, tokens_reused) select $1, $7 from done where $7 > 0
         on conflict (expert_id) do update set tokens_reused = cost.tokens_reused + excluded.tokens_reused
       )
       select (select count(*)::int from serving) as serving, (select count(*)::int from done) as done`,
      [
        expertId,
        fileId,
        file.pages,
        file.pagesSkipped,
        file.chunks,
        file.tokens,
        file.tokensReused,
        JSON.stringify(file.seconds),
        file.sha256,
        turn,
        file.recipe,
        file.generation,
      ],
    )
    if (rows[0]?.serving === 0) throw new Failure('EXPERT_REINDEXED', { expertId, fileId })
    return rows[0]?.done === 1
  }

  async isIndexed({ expertId, fileId, turn }: FileContext): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `select from expert_files where expert_id = $1 and file_id = $2 and status = 'indexed' and ${ofTurn('$3')}`,
      [expertId, fileId, turn],
    )
    return rowCount === 1
  }

  async possibleChunks({ expertId, fileId, turn }: FileContext): Promise<number> {
    const { rows } = await this.#pool.query<{ chunks: number | null }>(
      `select chunks from expert_files
       where expert_id = $1 and file_id = $2 and status in ('pending', 'processing') and ${ofTurn('$3')}`,
      [expertId, fileId, turn],
    )
    return rows[0]?.chunks ?? 0
  }

  async markFailed({ expertId, fileId, turn }: FileContext, { stage, code, message }: FileFailure) {
    const { rows } = await this.#pool.query<{ s3_key: string }>(
      `with done as (
         update expert_files set status = 'failed', stage = $3, code = $4, message = $5,
           pages = null, pages_skipped = null, chunks = null, tokens = null, tokens_reused = null,
           stage_seconds = null, updated_at = now()
         where expert_id = $1 and file_id = $2 and status in ('pending', 'processing') and ${ofTurn('$6')}
         returning file_id
       )
       update files set updated_at = now(), processing_status =
         case when processing_status in ('not_stored', 'deleting') then processing_status else 'failed' end
       where id = (select file_id from done) returning s3_key`,
      [expertId, fileId, stage, code, message, turn],
    )
    return rows[0]?.s3_key
  }

  async requeue(expertId: string, fileIds?: readonly string[]): Promise<Progress> {
    await this.#pool.query(
      `update expert_files set status = 'pending', stage = null, code = null, message = null, attempts = 0,
         turn = nextval('expert_file_turns'), updated_at = now()
       where expert_id = $1 and status in ('failed', 'cancelled') and ($2::uuid[] is null or file_id = any ($2))`,
      [expertId, fileIds ?? null],
    )
    return this.progress(expertId)
  }

  async postpone({ expertId, fileId, turn }: FileContext): Promise<void> {
    await this.#pool.query(
      `update expert_files set status = 'pending', turn = nextval('expert_file_turns'), updated_at = now()
       where expert_id = $1 and file_id = $2 and status = 'processing' and ${ofTurn('$3')}`,
      [expertId, fileId, turn],
    )
  }

  async addFiles(expertId: string, fileIds: readonly string[]): Promise<Progress> {
    await attachFiles(this.#pool, expertId, fileIds)
    return this.progress(expertId)
  }

  async markRemoving(expertId: string, fileIds: readonly string[]): Promise<string[]> {
    const { rows } = await this.#pool.query<{ file_id: string }>(
      `update expert_files set status = 'removing', updated_at = now()
       where expert_id = $1 and file_id = any ($2::uuid[]) returning file_id`,
      [expertId, fileIds],
    )
    return rows.map((row) => row.file_id)
  }

  async removing(expertId: string, fileIds: readonly string[]): Promise<RemovedFile[]> {
    const { rows } = await this.#pool.query<RemovedFile>(
      `select ef.file_id as "fileId", f.original_name as name, f.sha256,
         greatest(coalesce(ef.chunks, 0), coalesce(other.chunks, 0)) as chunks
       from expert_files ef join files f on f.id = ef.file_id
       left join lateral (
         select max(chunks) as chunks from expert_file_builds fb where fb.expert_id = ef.expert_id and fb.file_id = ef.file_id
       ) other on true
       where ef.expert_id = $1 and ef.file_id = any ($2::uuid[]) and ef.status = 'removing' order by ef.position`,
      [expertId, fileIds],
    )
    return rows
  }

  async detach(expertId: string, fileIds: readonly string[]): Promise<void> {
    await this.#pool.query(
      `delete from expert_files where expert_id = $1 and file_id = any ($2::uuid[]) and status = 'removing'`,
      [expertId, fileIds],
    )
  }

  progress(expertId: string): Promise<Progress> {
    return countProgress(this.#pool, expertId)
  }

  async generations(expertId: string): Promise<{ live: number[]; last: number }> {
    const { rows } = await this.#pool.query<{ live: number[]; last: number }>(
      `select array(select distinct unnest(array[e.generation] || open.both) order by 1) as live,
         greatest(e.generation, (select max(generation) from expert_builds where expert_id = e.id)) as last
       from experts e
       left join lateral (
         select array[b.generation, b.previous] as both from expert_builds b where b.expert_id = e.id and ${IS_OPEN}
       ) open on true
       where e.id = $1`,
      [expertId],
    )
    return rows[0] ?? { live: [], last: 0 }
  }

  async contents(expertId: string, after: string, limit: number): Promise<string[]> {
    const { rows } = await this.#pool.query<{ sha256: string }>(
      `select distinct f.sha256 from expert_files ef join files f on f.id = ef.file_id
       where ef.expert_id = $1 and f.sha256 > $2 order by f.sha256 limit $3`,
      [expertId, after, limit],
    )
    return rows.map((row) => row.sha256)
  }

  async isContentUsed(sha256: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `select from files f join expert_files ef on ef.file_id = f.id join experts e on e.id = ef.expert_id
       where f.sha256 = $1 and ef.status <> 'removing' and e.status <> 'deleting' limit 1`,
      [sha256],
    )
    return rowCount === 1
  }

  async unfinishedWithVectors(expertId: string) {
    const { rows } = await this.#pool.query<{ file_id: string; turn: string | null }>(
      `select file_id, turn from expert_files
       where expert_id = $1 and chunks > 0 and status in ('pending', 'processing') order by position`,
      [expertId],
    )
    return rows.map((row) => ({ expertId, fileId: row.file_id, turn: row.turn ?? undefined }))
  }

  async cancelFile({ expertId, fileId, turn }: FileContext): Promise<void> {
    await this.#pool.query(`${CANCEL} and file_id = $3 and ${ofTurn('$4')}`, [
      expertId,
      FAILURES.CANCELLED.sentence,
      fileId,
      turn,
    ])
  }

  async cancelPending(expertId: string): Promise<void> {
    await this.#pool.query(CANCEL, [expertId, FAILURES.CANCELLED.sentence])
  }

  summarize(expertId: string, { cancelled = false } = {}): Promise<ExpertSummary> {
    return transaction(this.#pool, async (client) => {
      const summary = await this.#summary(client, expertId, cancelled)
      await client.query(
        `update experts set status = $2, status_reason = null, summary = $3, summarized_at = now(), updated_at = now()
         where id = $1 and status <> 'deleting'`,
        [expertId, summary.status, JSON.stringify(summary)],
      )
      return summary
    })
  }

  async fileCount(expertId: string): Promise<number> {
    const { rows } = await this.#pool.query<{ files: number }>(
      'select count(*)::int as files from expert_files where expert_id = $1',
      [expertId],
    )
    return rows[0]?.files ?? 0
  }

  async delete(expertId: string): Promise<void> {
    await this.#pool.query('delete from experts where id = $1', [expertId])
  }

  async #removing(expertId: string): Promise<string[]> {
    const { rows } = await this.#pool.query<{ file_id: string }>(
      `select file_id from expert_files where expert_id = $1 and status = 'removing' order by position limit $2`,
      [expertId, FILES_PER_REQUEST],
    )
    return rows.map((row) => row.file_id)
  }

  async #summary(client: pg.PoolClient, expertId: string, cancelled: boolean): Promise<ExpertSummary> {
    const { rows } = await client.query<TotalsRow>(TOTALS, [expertId])
    const [row] = rows
    if (!row) throw new Error('an aggregate returned no row')
    const { download, extract, embed, store, ...totals } = row
    return {
      expert_id: expertId,
      status: cancelled ? 'cancelled' : finalStatus(totals),
      totals,
      failed_files: await this.#failedFiles(client, expertId),
      seconds: { download, extract, embed, store },
    }
  }

  async #failedFiles(client: pg.PoolClient, expertId: string): Promise<FailedFile[]> {
    const { rows } = await client.query<Omit<FailedFile, 'retryable'> & { code: FailureCode }>(
      `select ef.file_id, f.original_name as name, ef.stage, ef.code, ef.message, ef.attempts, f.s3_key
       from expert_files ef join files f on f.id = ef.file_id
       where ef.expert_id = $1 and ef.status = 'failed' order by ef.position limit $2`,
      [expertId, FAILED_FILES_IN_SUMMARY],
    )
    return rows.map((file) => ({ ...file, retryable: FAILURES[file.code].retryable }))
  }
}
