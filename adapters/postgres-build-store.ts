import type pg from 'pg'
import type { FailureCode, Stage } from '../domain/failure.ts'
import type {
  BuildPage,
  BuildRef,
  BuildStore,
  BuiltFile,
  Derived,
  DerivedFile,
  EndedBuild,
  OpenedBuild,
  OtherGeneration,
  ReindexProgress,
  ReindexStatus,
  SwitchOutcome,
} from '../domain/reindex.ts'
import { isClosed } from '../domain/reindex.ts'
import { derivedFiles, isDerivedUsed } from './postgres-build-remains.ts'
import type { BuildRow } from './postgres-builds.ts'
import {
  BEHIND,
  COUNTS,
  IS_BUILDING,
  IS_BUILT,
  IS_OPEN,
  idsOf,
  OF_OTHER,
  OTHER,
  SERVING_FILES,
} from './postgres-builds.ts'
import { switchGeneration } from './postgres-switch.ts'

const BUILD = `
  select b.*, e.generation as serving, e.embedding_model as model, e.status = 'deleting' as is_going
  from expert_builds b join experts e on e.id = b.expert_id where b.expert_id = $1 and b.generation = $2`

/** Whether it serves, and will: not where it is being removed. */
const IS_SERVED = `exists (
  select from expert_files ef where ef.expert_id = fb.expert_id and ef.file_id = fb.file_id and ef.status = 'indexed')`

const PENDING_AGAIN = `
  status = 'pending', stage = null, code = null, message = null, attempts = 0, turn = nextval('expert_file_turns'), updated_at = now()`

const BUILT = `
  select fb.file_id as "fileId", coalesce(fb.sha256, f.sha256) as sha256, fb.chunks, fb.recipe
  from expert_file_builds fb join files f on f.id = fb.file_id where ${OF_OTHER} and fb.status = 'indexed' and ${IS_SERVED}`

type FailureRow = { fileId: string; name: string; stage: Stage; code: FailureCode; message: string }

export class PostgresBuildStore implements BuildStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async generations(expertId: string): Promise<number[]> {
    const { rows } = await this.#pool.query<{ generation: number }>(
      'select generation from expert_builds where expert_id = $1 order by generation',
      [expertId],
    )
    return rows.map(({ generation }) => generation)
  }

  async open(build: BuildRef): Promise<OpenedBuild | EndedBuild | undefined> {
    const { rows } = await this.#pool.query<BuildRow & { model: string; is_going: boolean }>(BUILD, idsOf(build))
    const [row] = rows
    if (!row) return undefined
    const { status, model, is_going } = row
    if (is_going) return { outcome: 'expert_deleted', model }
    if (isClosed(status)) return { outcome: status, model }
    // A run that was terminated left files in processing; this run is the only one now, so they are its to do.
    await this.#pool.query(
      `update expert_file_builds fb set ${PENDING_AGAIN} where ${OF_OTHER} and fb.status = 'processing'`,
      idsOf(build),
    )
    return {
      previous: row.previous,
      status,
      statusReason: row.status_reason,
      isSwitched: row.serving === row.generation,
      from: row.served_with,
      to: row.built_with,
      estimate: row.estimate,
      progress: await this.progress(build),
    }
  }

  async isOpen(build: BuildRef): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `select from expert_builds b join experts e on e.id = b.expert_id
       where b.expert_id = $1 and b.generation = $2 and ${IS_OPEN} and e.status <> 'deleting'`,
      idsOf(build),
    )
    return rowCount === 1
  }

  async filesToBuild(build: BuildRef, after: string, limit: number): Promise<BuildPage> {
    const { rows } = await this.#pool.query<BuildPage['files'][number] & { position: string }>(
      `with wanted as (
         select ef.file_id, f.original_name as name, ef.position, ${OTHER} as build
         ${SERVING_FILES} and ${IS_BUILDING} and not coalesce(${IS_BUILT}, false) and fb.status is distinct from 'failed' and ef.position > $3
         order by ef.position limit $4
       ), prepared as (
         insert into expert_file_builds as fb (expert_id, generation, file_id) select $1, build, file_id from wanted
         on conflict (expert_id, generation, file_id) do update set ${PENDING_AGAIN}
         returning fb.file_id, fb.turn
       )
       select file_id as "fileId", name, turn, build, position from wanted join prepared using (file_id) order by wanted.position`,
      [...idsOf(build), after, limit],
    )
    return { files: rows.map(({ position: _, ...file }) => file), last: rows.at(-1)?.position ?? after }
  }

  async progress(build: BuildRef): Promise<ReindexProgress> {
    const { rows } = await this.#pool.query<ReindexProgress>(`select ${COUNTS} ${SERVING_FILES}`, idsOf(build))
    return rows[0] ?? { files: 0, built: 0, failed: 0, pending: 0 }
  }

  async failures(build: BuildRef, limit: number): Promise<FailureRow[]> {
    const { rows } = await this.#pool.query<FailureRow>(
      `select fb.file_id as "fileId", f.original_name as name, fb.stage, fb.code, fb.message
       ${SERVING_FILES} and fb.status = 'failed' order by ef.position limit $3`,
      [...idsOf(build), limit],
    )
    return rows
  }

  async requeue(build: BuildRef): Promise<void> {
    await this.#pool.query(
      `update expert_file_builds fb set ${PENDING_AGAIN} where ${OF_OTHER} and fb.status = 'failed'`,
      idsOf(build),
    )
  }

  async requeueBuilt(build: BuildRef, fileIds?: readonly string[]): Promise<void> {
    await this.#pool.query(
      `update expert_file_builds fb set ${PENDING_AGAIN}
       where ${OF_OTHER} and fb.status = 'indexed' and ($3::uuid[] is null or fb.file_id = any ($3))`,
      [...idsOf(build), fileIds ?? null],
    )
  }

  async setStatus({ expertId, generation }: BuildRef, status: ReindexStatus, reason?: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `update expert_builds b set status = $3, status_reason = $4, updated_at = now()
       where b.expert_id = $1 and b.generation = $2 and ${IS_OPEN}`,
      [expertId, generation, status, reason ?? null],
    )
    return rowCount === 1
  }

  async other(build: BuildRef): Promise<OtherGeneration | undefined> {
    const { rows } = await this.#pool.query<OtherGeneration>(
      `select ${OTHER} as generation, e.user_id as "userId",
         (select coalesce(sum(fb.chunks), 0)::int from expert_file_builds fb
          where ${OF_OTHER} and fb.status = 'indexed' and ${IS_SERVED}) as chunks,
         exists (select from expert_files where expert_id = $1 and status = 'removing') as "areFilesGoing"
       from expert_builds b join experts e on e.id = b.expert_id
       where b.expert_id = $1 and b.generation = $2 and e.status <> 'deleting'`,
      idsOf(build),
    )
    return rows[0]
  }

  async built(build: BuildRef, after: string, limit: number): Promise<BuiltFile[]> {
    const { rows } = await this.#pool.query<BuiltFile>(`${BUILT} ${BEHIND}`, [...idsOf(build), after, limit])
    return rows
  }

  async sample(build: BuildRef, limit: number): Promise<BuiltFile[]> {
    const { rows } = await this.#pool.query<BuiltFile>(
      `${BUILT} and fb.chunks > 0 and fb.recipe is not null order by random() limit $3`,
      [...idsOf(build), limit],
    )
    return rows
  }

  switch(build: BuildRef, to: number): Promise<SwitchOutcome> {
    return switchGeneration(this.#pool, build, to)
  }

  async sinceSwitch(build: BuildRef): Promise<number | undefined> {
    const { rows } = await this.#pool.query<{ milliseconds: number | null }>(
      `select (extract(epoch from now() - switched_at) * 1000)::float8 as milliseconds from expert_builds
       where expert_id = $1 and generation = $2`,
      idsOf(build),
    )
    return rows[0]?.milliseconds ?? undefined
  }

  derived(build: BuildRef, after: string, limit: number): Promise<DerivedFile[]> {
    return derivedFiles(this.#pool, build, after, limit)
  }

  isDerivedUsed(build: BuildRef, derived: Derived): Promise<boolean> {
    return isDerivedUsed(this.#pool, build, derived)
  }

  async close(build: BuildRef) {
    await this.#pool.query(`delete from expert_file_builds fb where ${OF_OTHER}`, idsOf(build))
    const { rows } = await this.#pool.query<{ status: 'done' | 'rolled_back' | 'cancelled' }>(
      `update expert_builds b set status_reason = null, updated_at = now(), status = case
           when e.generation = b.generation then 'done' when b.switched_at is null then 'cancelled' else 'rolled_back' end
       from experts e where e.id = b.expert_id and b.expert_id = $1 and b.generation = $2 returning b.status`,
      idsOf(build),
    )
    return rows[0]?.status ?? 'cancelled'
  }
}
