import { proxyActivities, setCurrentDetails } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { Cleaned } from '../activities/reindex/clean-build.ts'
import type { ReindexSettings } from '../activities/reindex/open-build.ts'
import type { BuildRef, ReindexProgress, ReindexReceipt, ReindexStatus } from '../domain/reindex.ts'
import { BOOKKEEPING } from './activity-options.ts'
import type { ReindexState } from './contract.ts'
import type { FileOutcome } from './process-file.ts'
import type { ShownFailure } from './reindex-report.ts'
import { renderReindex } from './reindex-report.ts'
import type { ReindexPhase } from './reindex-requests.ts'

const bookkeeping = proxyActivities<Activities>(BOOKKEEPING)

/** Where a re-index stands, and what the Web UI shows of that. */
export class ReindexStanding {
  readonly #build: BuildRef
  #settings: ReindexSettings | undefined
  #phase: ReindexPhase = 'building'
  #status: ReindexStatus = 'building'
  #progress: ReindexProgress = { files: 0, built: 0, failed: 0, pending: 0 }
  #failures: readonly ShownFailure[] = []
  #note: string | null = null
  /** Why, as long as it is paused. */
  #pausedBy: string | null = null

  constructor(build: BuildRef) {
    this.#build = build
  }

  get state(): ReindexState {
    return { status: this.#status, reason: this.#pausedBy, note: this.#note, ...this.#progress }
  }

  get settings(): ReindexSettings {
    if (!this.#settings) throw new Error('a re-index is processed before it is opened')
    return this.#settings
  }

  get phase(): ReindexPhase {
    return this.#phase
  }

  get progress(): ReindexProgress {
    return this.#progress
  }

  get isPaused(): boolean {
    return this.#pausedBy !== null
  }

  begin(opened: ReindexSettings): void {
    this.#settings = opened
    this.#progress = opened.progress
    this.#status = opened.status
    if (opened.isSwitched) this.#phase = opened.status === 'switched' ? 'switched' : 'rolling back'
    if (opened.status === 'cleaning') this.#phase = 'cleaning'
    this.#describe()
  }

  enter(phase: ReindexPhase): void {
    this.#phase = phase
  }

  /** What came of a request; null where it has its effect. */
  answer(note: string | null): void {
    this.#note = note
    this.#describe()
  }

  show(status: ReindexStatus, pausedBy: string | null = null): void {
    this.#status = status
    this.#pausedBy = pausedBy
    this.#describe()
  }

  /** For all to see. */
  async set(status: ReindexStatus): Promise<void> {
    this.show(status)
    await bookkeeping.setBuildStatus({ ...this.#build, status })
  }

  /** @returns whether the rows say that it has ended, as where its beginning was taken back, or the expert is gone */
  async look(): Promise<boolean> {
    const { isClosed, progress, failures } = await bookkeeping.lookAtBuild(this.#build)
    this.#progress = progress
    this.#failures = failures
    this.#describe()
    return isClosed
  }

  count(name: string, outcome: Exclude<FileOutcome, { status: 'postponed' }>): void {
    const { files, built, failed, pending } = this.#progress
    const isBuilt = outcome.status === 'indexed'
    // One that was cancelled is not the expert's any more.
    const isFailed = outcome.status === 'failed' && outcome.failure.code !== 'CANCELLED'
    if (isFailed) this.#failures = [...this.#failures, { name, ...outcome.failure }]
    const counts = { built: built + Number(isBuilt), failed: failed + Number(isFailed) }
    this.#progress = { files, ...counts, pending: Math.max(0, pending - 1) }
    this.#describe()
  }

  receipt(cleaned: Cleaned): ReindexReceipt {
    const { expertId: expert_id, generation } = this.#build
    const { from, to } = this.#settings ?? {}
    const embedding_model = (cleaned.outcome === 'done' ? to : from)?.model ?? ''
    return { expert_id, generation, files: this.#progress.files, embedding_model, ...cleaned }
  }

  #describe(): void {
    if (!this.#settings) return
    const { from, to, estimate } = this.#settings
    const [failures, phase] = [this.#failures, this.#phase]
    setCurrentDetails(renderReindex({ ...this.state, from, to, estimate, failures, phase }))
  }
}
