import type pg from 'pg'
import type { Expert } from '../domain/expert.ts'
import type { ExpertNamespace } from '../domain/keys.ts'
import type { ExpertInMotion, FileInDeletion, HousekeepingStore, ReindexInMotion } from '../domain/ports.ts'
import { IS_OPEN } from './postgres-builds.ts'
import { findExpert } from './postgres-expert-store.ts'

/** Also one that is paused and goes on by itself, and one at rest, whose run was ended in the middle of a removal. */
const IN_MOTION = `(status in ('queued', 'processing', 'deleting')
  or status = 'paused' and status_reason like 'TOKEN_QUOTA_EXHAUSTED:%'
  or exists (select from expert_files where expert_id = experts.id and status = 'removing' and updated_at < $1))`
const IN_DELETION = `processing_status = 'deleting' and updated_at < $1`

/** Its time is not over, or a request is just making its file, whenever it began. */
const IS_OPEN_UPLOAD = `status = 'open' and greatest(expires_at, held_until) > now()`

const FILE_IN_DELETION = 'id, user_id as "userId", original_name as "originalName"'

const REINDEX_IN_MOTION = `
  select e.id, e.user_id as "userId", e.name, b.generation, b.status
  from expert_builds b join experts e on e.id = b.expert_id
  where ${IS_OPEN} and e.status <> 'deleting' and b.updated_at < $1`

/** Asks about a page of things with one query each, which its indexes answer. */
export class PostgresHousekeepingStore implements HousekeepingStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async installation(): Promise<string> {
    const { rows } = await this.#pool.query<{ id: string }>('select id from installation')
    const [row] = rows
    if (!row) throw new Error('the table installation has lost its row')
    return row.id
  }

  async expertsInMotion({ before, after, limit }: { before: Date; after: string; limit: number }) {
    const { rows } = await this.#pool.query<ExpertInMotion>(
      `select id, status from experts where ${IN_MOTION} and updated_at < $1 and id > $2 order by id limit $3`,
      [before, after, limit],
    )
    return rows
  }

  async findInMotion(expertId: string, before: Date): Promise<Expert | undefined> {
    const { rowCount } = await this.#pool.query(
      `select from experts where ${IN_MOTION} and updated_at < $1 and id = $2`,
      [before, expertId],
    )
    return rowCount === 1 ? findExpert(this.#pool, expertId) : undefined
  }

  async filesInDeletion({ before, after, limit }: { before: Date; after: string; limit: number }) {
    const { rows } = await this.#pool.query<FileInDeletion>(
      `select ${FILE_IN_DELETION} from files where ${IN_DELETION} and id > $2 order by id limit $3`,
      [before, after, limit],
    )
    return rows
  }

  async findInDeletion(fileId: string, before: Date): Promise<FileInDeletion | undefined> {
    const { rows } = await this.#pool.query<FileInDeletion>(
      `select ${FILE_IN_DELETION} from files where ${IN_DELETION} and id = $2`,
      [before, fileId],
    )
    return rows[0]
  }

  async reindexesInMotion({ before, after, limit }: { before: Date; after: string; limit: number }) {
    const { rows } = await this.#pool.query<ReindexInMotion>(
      `${REINDEX_IN_MOTION} and e.id > $2 order by e.id limit $3`,
      [before, after, limit],
    )
    return rows
  }

  async findReindexInMotion(expertId: string, before: Date): Promise<ReindexInMotion | undefined> {
    const { rows } = await this.#pool.query<ReindexInMotion>(`${REINDEX_IN_MOTION} and e.id = $2`, [before, expertId])
    return rows[0]
  }

  async keysOfOpenUploads(keys: readonly string[]): Promise<string[]> {
    const { rows } = await this.#pool.query<{ s3_key: string }>(
      `select s3_key from direct_uploads where s3_key = any ($1) and ${IS_OPEN_UPLOAD}`,
      [keys],
    )
    return rows.map(({ s3_key }) => s3_key)
  }

  async forgetUploads(before: Date): Promise<number> {
    const { rowCount } = await this.#pool.query(
      `delete from direct_uploads where expires_at < $1 and held_until < now()`,
      [before],
    )
    return rowCount ?? 0
  }

  async keysWithoutFile(keys: readonly string[]): Promise<string[]> {
    const { rows } = await this.#pool.query<{ key: string }>(
      `select asked.key from unnest($1::varchar[]) as asked (key)
       where not exists (select from files where files.s3_key = asked.key)
         and not exists (select from direct_uploads where s3_key = asked.key and ${IS_OPEN_UPLOAD})`,
      [keys],
    )
    return rows.map(({ key }) => key)
  }

  async contentsWithoutFile(sha256s: readonly string[]): Promise<string[]> {
    const { rows } = await this.#pool.query<{ sha256: string }>(
      `select asked.sha256 from unnest($1::bpchar[]) as asked (sha256)
       where not exists (select from files where files.sha256 = asked.sha256)`,
      [sha256s],
    )
    return rows.map(({ sha256 }) => sha256)
  }

  async abandonedNamespaces(namespaces: readonly ExpertNamespace[], before: Date): Promise<string[]> {
    const { rows } = await this.#pool.query<{ name: string }>(
      `select asked.name from unnest($1::text[], $2::uuid[], $3::int[]) as asked (name, expert_id, generation)
       left join experts e on e.id = asked.expert_id
       left join lateral (
         select max(b.generation) as last, max(b.updated_at) as changed,
           bool_or(${IS_OPEN} and asked.generation in (b.generation, b.previous)) as is_used
         from expert_builds b where b.expert_id = e.id
       ) builds on true
       where case when e.id is null then exists (select from gone_experts g where g.id = asked.expert_id)
         else asked.generation <> e.generation and asked.generation <= greatest(e.generation, builds.last)
           and not coalesce(builds.is_used, false) and greatest(e.updated_at, builds.changed) < $4 end`,
      [
        namespaces.map(({ name }) => name),
        namespaces.map(({ expertId }) => expertId),
        namespaces.map(({ generation }) => generation),
        before,
      ],
    )
    return rows.map(({ name }) => name)
  }
}
