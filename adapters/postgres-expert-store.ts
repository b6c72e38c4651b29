import type pg from 'pg'
import type { ChunkSizes } from '../domain/chunking.ts'
import type { EmbeddingProvider } from '../domain/embedders.ts'
import { providerOf } from '../domain/embedders.ts'
import type { Expert, ExpertFile, ExpertFileStatus, ExpertStatus, ExpertSummary, Progress } from '../domain/expert.ts'
import type { FailureCode, Stage } from '../domain/failure.ts'
import type {
  ExpertEdit,
  ExpertStore,
  ExpertToAsk,
  FileFilter,
  FileInExpert,
  NewExpert,
  PageOf,
  PageRequest,
} from '../domain/ports.ts'
import { OPEN_REINDEX } from './postgres-builds.ts'
import { setCallback } from './postgres-callback-store.ts'
import { decodeNewestFirst, decodePosition, pageOf, transaction } from './postgres-database.ts'

/** Null: as configured. */
export type ChunkingRow = { chunk_tokens: number | null; chunk_overlap_tokens: number | null }

export type ExpertRow = ChunkingRow & {
  id: string
  user_id: string
  name: string
  system_prompt: string
  voice_id: string | null
  version: number
  status: ExpertStatus
  status_reason: string | null
  summary: ExpertSummary | null
  generation: number
  embedding_provider: EmbeddingProvider | null
  embedding_model: string
  embedding_dimensions: number
  embedding_reason: string | null
  callback_url: string | null
  reindex: Expert['reindex']
  created_at: Date
  updated_at: Date
  created_at_text: string
  files: number
  indexed: number
  failed: number
  pending: number
  tokens_embedded: number
  tokens_reused: number
  chat_prompt_tokens: number
  chat_completion_tokens: number
  embedding_amount: number | null
  chat_amount: number | null
  amount: number | null
}

/** Counted, never kept: it cannot go stale. Files that are being removed are not the expert's any more. */
export const PROGRESS = `
  select count(*)::int as files,
    (count(*) filter (where status = 'indexed'))::int as indexed,
    (count(*) filter (where status = 'failed'))::int as failed,
    (count(*) filter (where status in ('pending', 'processing')))::int as pending
  from expert_files where status <> 'removing'`

export const SELECT_EXPERT = `
  select e.*, e.created_at::text as created_at_text, p.*,
    (select url from expert_callbacks where expert_id = e.id) as callback_url, ${OPEN_REINDEX} as reindex,
    coalesce(c.tokens_embedded, 0)::float8 as tokens_embedded, coalesce(c.tokens_reused, 0)::float8 as tokens_reused,
    coalesce(c.chat_prompt_tokens, 0)::float8 as chat_prompt_tokens,
    coalesce(c.chat_completion_tokens, 0)::float8 as chat_completion_tokens,
    case when coalesce(c.unpriced_tokens, 0) = 0 then coalesce(c.amount, 0)::float8 end as embedding_amount,
    case when coalesce(c.chat_unpriced_tokens, 0) = 0 then coalesce(c.chat_amount, 0)::float8 end as chat_amount,
    case when coalesce(c.unpriced_tokens + c.chat_unpriced_tokens, 0) = 0
      then coalesce(c.amount + c.chat_amount, 0)::float8 end as amount
  from experts e left join expert_costs c on c.expert_id = e.id cross join lateral (${PROGRESS} and expert_id = e.id) p`

export const toChunking = ({
  chunk_tokens: maxTokens,
  chunk_overlap_tokens: overlap,
}: ChunkingRow): ChunkSizes | null => (maxTokens === null ? null : { maxTokens, overlapTokens: overlap ?? 0 })

export const toExpert = (row: ExpertRow): Expert => ({
  id: row.id,
  userId: row.user_id,
  name: row.name,
  systemPrompt: row.system_prompt,
  voiceId: row.voice_id,
  version: row.version,
  status: row.status,
  statusReason: row.status_reason,
  summary: row.summary,
  generation: row.generation,
  embeddingProvider: row.embedding_provider ?? providerOf(row.embedding_model),
  embeddingModel: row.embedding_model,
  embeddingDimensions: row.embedding_dimensions,
  embeddingReason: row.embedding_reason,
  chunking: toChunking(row),
  callbackUrl: row.callback_url,
  reindex: row.reindex,
  progress: { files: row.files, indexed: row.indexed, failed: row.failed, pending: row.pending },
  cost: {
    tokensEmbedded: row.tokens_embedded,
    tokensReused: row.tokens_reused,
    embeddingAmount: row.embedding_amount,
    chats: {
      promptTokens: row.chat_prompt_tokens,
      completionTokens: row.chat_completion_tokens,
      amount: row.chat_amount,
    },
    amount: row.amount,
  },
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

type ExpertFileRow = {
  expert_id: string
  file_id: string
  position: string
  name: string
  s3_key: string
  status: ExpertFileStatus
  stage: Stage | null
  code: FailureCode | null
  message: string | null
  attempts: number
  pages: number | null
  pages_skipped: number | null
  chunks: number | null
  tokens: number | null
  updated_at: Date
}

const toExpertFile = (row: ExpertFileRow): ExpertFile => ({
  expertId: row.expert_id,
  fileId: row.file_id,
  name: row.name,
  s3Key: row.s3_key,
  status: row.status,
  stage: row.stage,
  code: row.code,
  message: row.message,
  attempts: row.attempts,
  pages: row.pages,
  pagesSkipped: row.pages_skipped,
  chunks: row.chunks,
  tokens: row.tokens,
  updatedAt: row.updated_at,
})

export async function countProgress(pool: pg.Pool, expertId: string): Promise<Progress> {
  const { rows } = await pool.query<Progress>(`${PROGRESS} and expert_id = $1`, [expertId])
  const [progress] = rows
  if (!progress) throw new Error('an aggregate returned no row')
  return progress
}

/** The expert whoever owns it; for housekeeping, which has no user. */
export async function findExpert(pool: pg.Pool | pg.PoolClient, expertId: string): Promise<Expert | undefined> {
  const { rows } = await pool.query<ExpertRow>(`${SELECT_EXPERT} where e.id = $1`, [expertId])
  return rows[0] && toExpert(rows[0])
}

/** Of a user ($1) in an expert ($2): of these files, types and languages ($3, $4, $5). */
const INDEXED_FILES = `
  from expert_files ef join files f on f.id = ef.file_id
  where f.user_id = $1 and ef.expert_id = $2 and ef.status = 'indexed'
    and ($3::uuid[] is null or ef.file_id = any ($3)) and ($4::text[] is null or f.document_type = any ($4))
    and ($5::text[] is null or f.language = any ($5))`

export class PostgresExpertStore implements ExpertStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  insert(expert: NewExpert, fileIds: readonly string[]): Promise<Expert> {
    return transaction(this.#pool, async (client) => {
      await client.query(
        `insert into experts (id, user_id, name, system_prompt, voice_id, embedding_model, embedding_dimensions,
           embedding_provider, embedding_reason, chunk_tokens, chunk_overlap_tokens)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [
          expert.id,
          expert.userId,
          expert.name,
          expert.systemPrompt,
          expert.voiceId,
          expert.embeddingModel,
          expert.embeddingDimensions,
          expert.embeddingProvider,
          expert.embeddingReason,
          expert.chunking?.maxTokens,
          expert.chunking?.overlapTokens,
        ],
      )
      if (expert.callback) await setCallback(client, expert.id, expert.callback)
      await attachFiles(client, expert.id, fileIds)
      const inserted = await findExpert(client, expert.id)
      if (!inserted) throw new Error(`expert ${expert.id} is not there after its insert`)
      return inserted
    })
  }

  async find(userId: string, expertId: string): Promise<Expert | undefined> {
    const { rows } = await this.#pool.query<ExpertRow>(`${SELECT_EXPERT} where e.user_id = $1 and e.id = $2`, [
      userId,
      expertId,
    ])
    return rows[0] && toExpert(rows[0])
  }

  async findToAsk(userId: string, expertId: string): Promise<ExpertToAsk | undefined> {
    const { rows } = await this.#pool.query<ExpertToAsk>(
      `select id, user_id as "userId", status, generation, embedding_model as "embeddingModel",
         embedding_dimensions as "embeddingDimensions", system_prompt as "systemPrompt",
         exists (select from expert_files where expert_id = e.id and status = 'indexed') as "hasIndexedFiles"
       from experts e where user_id = $1 and id = $2`,
      [userId, expertId],
    )
    return rows[0]
  }

  edit(userId: string, expertId: string, edit: ExpertEdit): Promise<Expert | undefined> {
    const { name, systemPrompt, voiceId, callback, versions } = edit
    return transaction(this.#pool, async (client) => {
      const { rowCount } = await client.query(
        `update experts set name = coalesce($3, name), system_prompt = coalesce($4, system_prompt),
           voice_id = case when $5 then $6 else voice_id end, version = version + 1, updated_at = now()
         where user_id = $1 and id = $2 and status <> 'deleting' and ($7::int[] is null or version = any ($7))`,
        [userId, expertId, name, systemPrompt, voiceId !== undefined, voiceId, versions],
      )
      if (rowCount !== 1) return undefined
      if (callback !== undefined) await setCallback(client, expertId, callback)
      return findExpert(client, expertId)
    })
  }

  async list(
    userId: string,
    { limit, cursor, name }: PageRequest & { readonly name?: string | undefined },
  ): Promise<PageOf<Expert>> {
    const { rows } = await this.#pool.query<ExpertRow>(
      `${SELECT_EXPERT}
       where e.user_id = $1 and ($2::timestamptz is null or (e.created_at, e.id) < ($2::timestamptz, $3::uuid))
         and ($5::text is null or e.name = $5)
       order by e.created_at desc, e.id desc limit $4`,
      [userId, ...decodeNewestFirst(cursor), limit + 1, name ?? null],
    )
    return pageOf(rows, limit, toExpert, (row) => [row.created_at_text, row.id])
  }

  async listFiles(
    userId: string,
    expertId: string,
    { limit, cursor, status }: PageRequest & { status?: ExpertFileStatus | undefined },
  ): Promise<PageOf<ExpertFile>> {
    const { rows } = await this.#pool.query<ExpertFileRow>(
      `select ef.*, f.original_name as name, f.s3_key
       from expert_files ef join experts e on e.id = ef.expert_id join files f on f.id = ef.file_id
       where e.user_id = $1 and ef.expert_id = $2 and ef.position > $3 and ($4::text is null or ef.status = $4)
       order by ef.position limit $5`,
      [userId, expertId, decodePosition(cursor), status ?? null, limit + 1],
    )
    return pageOf(rows, limit, toExpertFile, (row) => [row.position])
  }

  async hasFile(userId: string, expertId: string, fileId: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `select from expert_files ef join experts e on e.id = ef.expert_id
       where e.user_id = $1 and ef.expert_id = $2 and ef.file_id = $3`,
      [userId, expertId, fileId],
    )
    return rowCount === 1
  }

  async indexedFileIds(
    userId: string,
    expertId: string,
    { fileIds, documentTypes, languages }: FileFilter,
    limit: number,
  ): Promise<string[]> {
    const { rows } = await this.#pool.query<{ id: string }>(`select f.id ${INDEXED_FILES} limit $6`, [
      userId,
      expertId,
      fileIds,
      documentTypes,
      languages,
      limit,
    ])
    return rows.map(({ id }) => id)
  }

  async indexedFiles(
    userId: string,
    expertId: string,
    { fileIds, documentTypes, languages }: FileFilter & { readonly fileIds: readonly string[] },
  ): Promise<Map<string, FileInExpert>> {
    const { rows } = await this.#pool.query<{ id: string; name: string; documentType: string | null }>(
      `select f.id, f.original_name as name, f.document_type as "documentType"
       ${INDEXED_FILES}`,
      [userId, expertId, fileIds, documentTypes, languages],
    )
    return new Map(rows.map(({ id, ...file }) => [id, file]))
  }

  async discard(userId: string, expertId: string): Promise<void> {
    await this.#pool.query('delete from experts where user_id = $1 and id = $2', [userId, expertId])
  }

  async changeStatus(
    userId: string,
    expertId: string,
    { from, to }: { readonly from: readonly ExpertStatus[]; readonly to: ExpertStatus },
  ): Promise<ExpertStatus | undefined> {
    const { rows } = await this.#pool.query<{ before: ExpertStatus }>(
      `with old as (
         select id, status from experts where user_id = $1 and id = $2 and status = any ($3::text[]) for update
       )
       update experts set status = $4, updated_at = now() from old where experts.id = old.id returning old.status as before`,
      [userId, expertId, from, to],
    )
    return rows[0]?.before
  }
}

/**
 * Files that are attached already stay as they are. The lock keeps a file from being marked for deletion until this is
 * committed: whoever marks it then sees this expert.
 */
export async function attachFiles(client: pg.Pool | pg.PoolClient, expertId: string, fileIds: readonly string[]) {
  await client.query(
    `insert into expert_files (expert_id, file_id)
     select e.id, f.id from experts e, unnest($2::uuid[]) with ordinality as wanted (id, place) join files f using (id)
     where e.id = $1 and f.user_id = e.user_id and f.processing_status is distinct from 'deleting' order by place
     for share of f
     on conflict (expert_id, file_id) do nothing`,
    [expertId, fileIds],
  )
}
