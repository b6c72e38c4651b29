import {
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { BOOKKEEPING, MOVING, SURVEYING } from './activity-options.ts'
import type {
  FailedMove,
  MigrateContentInput,
  MigrateContentWorkflow,
  MigrationProgress,
  MigrationReceipt,
} from './contract.ts'
import { migrationProgress } from './contract.ts'
import { toFileFailure } from './file-failure.ts'
import { PagedQueue, runInLanes } from './lanes.ts'
import { renderMigration } from './migration-report.ts'

const { surveyContent } = proxyActivities<Activities>(SURVEYING)
const { listContent } = proxyActivities<Activities>(BOOKKEEPING)
const { moveContent } = proxyActivities<Activities>(MOVING)

/** Few, since each reads a content through the database, which has other things to do. */
const FILES_IN_FLIGHT = 10
const PAGE_SIZE = 200
const FAILURES_KEPT = 100

type FileInDatabase = { readonly fileId: string; readonly name: string }

/**
 * Moves the bytes that an older product kept in the database into the object store, file by file. A file that fails keeps
 * its bytes where they are and never stops another one; the next run takes it up again.
 */
export const MigrateContent: MigrateContentWorkflow = async (input) => {
  const migration = new Migration(input)
  setHandler(migrationProgress, () => migration.progress, {
    description: 'How many files are moved, and how many failed.',
  })
  return migration.toItsEnd(input)
}

async function* pagesAfter(fileId: string | null): AsyncGenerator<readonly FileInDatabase[], void> {
  let page = await listContent({ after: fileId, limit: PAGE_SIZE })
  for (let last = page.at(-1); last; last = page.at(-1)) {
    yield page
    page = await listContent({ after: last.fileId, limit: PAGE_SIZE })
  }
}

class Migration {
  progress: MigrationProgress = { files: 0, bytes: 0, moved: 0, movedBytes: 0, failed: 0 }
  readonly #failures: FailedMove[]
  /** Files up to this id are moved, have failed, or are in flight. */
  #after: string | null

  constructor({ before }: MigrateContentInput) {
    if (before) this.progress = before.progress
    this.#failures = [...(before?.failures ?? [])]
    this.#after = before?.after ?? null
  }

  async toItsEnd({ dryRun = false, before }: MigrateContentInput): Promise<MigrationReceipt> {
    const { column, files, bytes } = await surveyContent()
    if (!before) this.progress = { ...this.progress, files, bytes }
    this.#describe(dryRun ? 'Counted' : 'Moving')
    if (column && !dryRun) await this.#moveAll()
    return this.#receipt(dryRun)
  }

  async #moveAll(): Promise<void> {
    const queue = new PagedQueue(pagesAfter(this.#after))
    await runInLanes(
      FILES_IN_FLIGHT,
      () => this.#next(queue),
      (file) => this.#move(file),
    )
    if (workflowInfo().continueAsNewSuggested) await this.#continueAsNew()
  }

  async #next(queue: PagedQueue<FileInDatabase>): Promise<FileInDatabase | undefined> {
    if (workflowInfo().continueAsNewSuggested) return undefined
    const file = await queue.next()
    if (file && (this.#after === null || file.fileId > this.#after)) this.#after = file.fileId
    return file
  }

  async #move({ fileId, name }: FileInDatabase): Promise<void> {
    try {
      const { bytes } = await moveContent.executeWithOptions({ summary: `move · ${name}` }, [{ fileId }])
      const { moved, movedBytes } = this.progress
      this.progress = { ...this.progress, moved: moved + 1, movedBytes: movedBytes + bytes }
    } catch (error) {
      if (isCancellation(error)) throw error
      this.#noteFailure({ fileId, name }, error)
    }
    this.#describe('Moving')
  }

  #noteFailure({ fileId, name }: FileInDatabase, error: unknown): void {
    const { code, message } = toFileFailure(error, 'download')
    this.progress = { ...this.progress, failed: this.progress.failed + 1 }
    if (this.#failures.length < FAILURES_KEPT) this.#failures.push({ file_id: fileId, name, code, message })
  }

  async #receipt(dryRun: boolean): Promise<MigrationReceipt> {
    const { column, files, bytes } = await surveyContent()
    this.#describe(dryRun ? 'Counted' : 'Done')
    return {
      column,
      dry_run: dryRun,
      // Told by the database, not by counting: an activity that was killed after its last step has moved its file too.
      moved: Math.max(0, this.progress.files - files),
      moved_bytes: Math.max(0, this.progress.bytes - bytes),
      failed: this.progress.failed,
      failed_files: this.#failures,
      left: files,
      left_bytes: bytes,
    }
  }

  async #continueAsNew(): Promise<void> {
    if (this.#after === null) return
    const before = { after: this.#after, progress: this.progress, failures: this.#failures }
    await continueAsNew<MigrateContentWorkflow>({ before })
  }

  #describe(headline: string): void {
    setCurrentDetails(renderMigration(headline, this.progress, this.#failures))
  }
}
