import type pg from 'pg'
import type { FailureCode } from '../domain/failure.ts'
import { FAILURES } from '../domain/failure.ts'
import type { BegunReindex, NewReindex, Reindex, ReindexProgress, ReindexStore } from '../domain/reindex.ts'
import { makingOf } from '../domain/reindex.ts'
import type { BuildRow } from './postgres-builds.ts'
import { COUNTS, IS_OPEN, SERVING_FILES } from './postgres-builds.ts'
import { transaction } from './postgres-database.ts'
import { findExpert } from './postgres-expert-store.ts'

const FAILURES_SHOWN = 200

const OF_USER = `
  select b.*, e.generation as serving from expert_builds b join experts e on e.id = b.expert_id where e.user_id = $1`

/** What it has built so far: before the switch beside what serves, then in its place. */
const TOKENS = `
  select coalesce(sum(tokens - tokens_reused), 0)::float8 as embedded, coalesce(sum(tokens_reused), 0)::float8 as reused
  from (
    select tokens, tokens_reused from expert_file_builds where expert_id = $1 and generation = $2 and status = 'indexed'
    union all
    select tokens, tokens_reused from expert_files ef join experts e on e.id = ef.expert_id
    where ef.expert_id = $1 and e.generation = $2 and ef.status = 'indexed'
  ) built`

const FAILED = `
  select fb.file_id, f.original_name as name, fb.stage, fb.code, fb.message, fb.attempts
  ${SERVING_FILES} and fb.status = 'failed' order by ef.position limit $3`

type FailedRow = Omit<Reindex['failedFiles'][number], 'retryable'> & { code: FailureCode }

export class PostgresReindexStore implements ReindexStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async begin(userId: string, expertId: string, { requestId, to, estimate }: NewReindex): Promise<BegunReindex> {
    const outcome = await transaction(this.#pool, async (client) => {
      const { rowCount } = await client.query(
        `select from experts where user_id = $1 and id = $2 and status <> 'deleting' for no key update`,
        [userId, expertId],
      )
      const expert = rowCount === 1 ? await findExpert(client, expertId) : undefined
      if (!expert) return 'gone'
      if (expert.reindex) return 'under way'
      // Numbers are never used again: something that was cut off may still write into an older namespace.
      await client.query(
        `insert into expert_builds (expert_id, generation, previous, request_id, built_with, served_with, estimate)
         select e.id, greatest(e.generation, (select max(generation) from expert_builds where expert_id = e.id)) + 1,
           e.generation, $2, $3, $4, $5 from experts e where e.id = $1`,
        [expertId, requestId, JSON.stringify(to), JSON.stringify(makingOf(expert)), JSON.stringify(estimate)],
      )
      return 'begun'
    })
    if (outcome !== 'begun') return outcome
    return (await this.findByRequest(userId, requestId)) ?? 'gone'
  }

  find(userId: string, expertId: string): Promise<Reindex | undefined> {
    return this.#find(`${OF_USER} and b.expert_id = $2 order by b.generation desc limit 1`, [userId, expertId])
  }

  findByRequest(userId: string, requestId: string): Promise<Reindex | undefined> {
    return this.#find(`${OF_USER} and b.request_id = $2`, [userId, requestId])
  }

  async discard(userId: string, expertId: string, generation: number): Promise<void> {
    // Its number stays taken, since the run may have been started after all: that sees it, and cleans up. The request may be sent again.
    await this.#pool.query(
      `update expert_builds b set status = 'cancelled', request_id = gen_random_uuid(), updated_at = now() from experts e
       where e.id = b.expert_id and e.user_id = $1 and b.expert_id = $2 and b.generation = $3 and ${IS_OPEN} and b.switched_at is null`,
      [userId, expertId, generation],
    )
  }

  async fileIds(userId: string, expertId: string): Promise<string[]> {
    const { rows } = await this.#pool.query<{ file_id: string }>(
      `select ef.file_id from expert_files ef join experts e on e.id = ef.expert_id
       where e.user_id = $1 and e.id = $2 and ef.status = 'indexed' order by ef.position`,
      [userId, expertId],
    )
    return rows.map((row) => row.file_id)
  }

  async hasRecipe(userId: string, expertId: string, recipe: string | undefined): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `select from expert_files ef join experts e on e.id = ef.expert_id
       where e.user_id = $1 and e.id = $2 and ef.status = 'indexed' and ef.recipe is distinct from coalesce($3, ef.recipe) limit 1`,
      [userId, expertId, recipe ?? null],
    )
    return rowCount === 0
  }

  async #find(query: string, values: unknown[]): Promise<Reindex | undefined> {
    const { rows } = await this.#pool.query<BuildRow>(query, values)
    const [row] = rows
    if (!row) return undefined
    const build = [row.expert_id, row.generation]
    const [progress, tokens, failed] = await Promise.all([
      this.#pool.query<ReindexProgress>(`select ${COUNTS} ${SERVING_FILES}`, build),
      this.#pool.query<{ embedded: number; reused: number }>(TOKENS, build),
      this.#pool.query<FailedRow>(FAILED, [...build, FAILURES_SHOWN]),
    ])
    return {
      expertId: row.expert_id,
      generation: row.generation,
      from: row.served_with,
      to: row.built_with,
      status: row.status,
      statusReason: row.status_reason,
      isSwitched: row.serving === row.generation,
      estimate: row.estimate,
      progress: progressOf(row, progress.rows[0]),
      tokensEmbedded: tokens.rows[0]?.embedded ?? 0,
      tokensReused: tokens.rows[0]?.reused ?? 0,
      failedFiles: failed.rows.map((file) => ({ ...file, retryable: FAILURES[file.code].retryable })),
      createdAt: row.created_at,
      switchedAt: row.switched_at,
      updatedAt: row.updated_at,
    }
  }
}

/** Of one that is done there are no rows any more: what was built serves. */
function progressOf({ status }: BuildRow, found?: ReindexProgress): ReindexProgress {
  const { files, ...rest } = found ?? { files: 0, built: 0, failed: 0, pending: 0 }
  return status === 'done' ? { files, built: files, failed: 0, pending: 0 } : { files, ...rest }
}
