import { isCancellation, proxyActivities, workflowInfo } from '@temporalio/workflow'
import type { ExtractedFile, FileRef, StagedFile } from '../activities/file-refs.ts'
import type { Activities } from '../activities/index.ts'
import type { FailureCode, Stage } from '../domain/failure.ts'
import { FAILURES } from '../domain/failure.ts'
import type { FileFailure } from '../domain/ports.ts'
import {
  BOOKKEEPING,
  CLEANING,
  DOWNLOAD,
  EMBEDDING,
  EXTRACTION,
  EXTRACTION_ON_HOST,
  STORING,
  triesWithin,
} from './activity-options.ts'
import { embeddingQueue } from './contract.ts'
import { mayRunElsewhere, toFileFailure } from './file-failure.ts'

const { downloadFile } = proxyActivities<Activities>(DOWNLOAD)
const { extractText: extractTextOnHost } = proxyActivities<Activities>(EXTRACTION_ON_HOST)
const { extractText } = proxyActivities<Activities>(EXTRACTION)
const { embedChunks } = proxyActivities<Activities>(EMBEDDING)
const { upsertVectors } = proxyActivities<Activities>(STORING)
const { postponeFile } = proxyActivities<Activities>(BOOKKEEPING)
const { recordFailure } = proxyActivities<Activities>(CLEANING)

export type FileOutcome =
  | { readonly status: 'indexed' }
  | { readonly status: 'failed'; readonly failure: FileFailure }
  /** The system's fault: the file keeps its place in the queue until that is mended. */
  | { readonly status: 'postponed'; readonly failure: FileFailure }

export type ProcessingLimits = {
  /** How long a stage is refused before the file is failed. Waiting for a turn does not count. */
  readonly retryBudgetMs: number
  /** Whatever happens, the file has ended after this time. */
  readonly fileDeadlineMs: number
  /** Whether it goes before the files of other experts. */
  readonly isUrgent: boolean
}

/** Temporal's keys, the lowest first: a file that was begun is finished before others begin. */
const PRIORITY = { urgent: { begin: 2, goOn: 1 }, usual: { begin: 4, goOn: 3 } } as const

/** As often as a file is begun anew: its artefacts disappeared between two stages, or another generation of its expert serves by now. */
const FRESH_STARTS = 3
const BEGINS_ANEW: readonly FailureCode[] = ['ARTEFACT_MISSING', 'EXPERT_REINDEXED']

/** Carries one file from the object store to the vector store. A file that fails is an outcome; only a cancellation throws. */
export async function processFile(file: FileRef, limits: ProcessingLimits): Promise<FileOutcome> {
  const attempt = new FileAttempt(file, limits)
  for (let starts = 1; ; starts++) {
    try {
      await attempt.run()
      return { status: 'indexed' }
    } catch (error) {
      if (isCancellation(error)) throw error
      const failure = toFileFailure(error, attempt.stage)
      if (!BEGINS_ANEW.includes(failure.code) || starts === FRESH_STARTS) return settle(file, failure, limits)
    }
  }
}

class FileAttempt {
  stage: Stage = 'download'
  readonly #file: FileRef
  readonly #limits: ProcessingLimits
  readonly #deadline: number

  constructor(file: FileRef, limits: ProcessingLimits) {
    this.#file = file
    this.#limits = limits
    this.#deadline = Date.now() + limits.fileDeadlineMs
  }

  async run(): Promise<void> {
    const staged = await downloadFile.executeWithOptions(this.#enter('download'), [this.#file])
    const extracted = await this.#extractNearby(staged)
    const embedded = await embedChunks.executeWithOptions(
      { ...this.#enter('embed'), taskQueue: embeddingQueue(workflowInfo().taskQueue) },
      [extracted],
    )
    await upsertVectors.executeWithOptions(this.#enter('store'), [embedded])
  }

  /** Where the file is staged, else anywhere. */
  async #extractNearby(staged: StagedFile): Promise<ExtractedFile> {
    const { retry } = EXTRACTION_ON_HOST
    const once = { ...this.#enter('extract'), retry, taskQueue: staged.hostQueue }
    try {
      return await extractTextOnHost.executeWithOptions(once, [staged])
    } catch (error) {
      if (isCancellation(error) || !mayRunElsewhere(error)) throw error
      return extractText.executeWithOptions(this.#enter('extract'), [staged])
    }
  }

  #enter(stage: Stage) {
    this.stage = stage
    const { retryBudgetMs, isUrgent } = this.#limits
    const { begin, goOn } = isUrgent ? PRIORITY.urgent : PRIORITY.usual
    return {
      summary: `${stage} · ${this.#file.name}`,
      // Tries instead of the budget as a time limit: neither a queue nor a long scan is a fault.
      retry: triesWithin(retryBudgetMs),
      scheduleToCloseTimeout: Math.max(1, this.#deadline - Date.now()),
      priority: { priorityKey: stage === 'download' ? begin : goOn },
    }
  }
}

/** As failed, unless the fault is the system's, or what the file has left in the vector store cannot be removed: then it is that store's. */
async function settle(file: FileRef, failure: FileFailure, { retryBudgetMs }: ProcessingLimits): Promise<FileOutcome> {
  if (FAILURES[failure.code].pauses) return postpone(file, failure)
  const options = { summary: `${failure.code} · ${file.name}`, retry: triesWithin(retryBudgetMs) }
  for (;;) {
    try {
      await recordFailure.executeWithOptions(options, [{ ...file, ...failure }])
      return { status: 'failed', failure }
    } catch (error) {
      if (isCancellation(error)) throw error
      const reason = toFileFailure(error, 'store')
      // Without a database nothing can be told of the file, so that is waited for, however long it is away.
      if (reason.code !== 'DATABASE_UNAVAILABLE') return postpone(file, reason)
    }
  }
}

async function postpone(file: FileRef, failure: FileFailure): Promise<FileOutcome> {
  await postponeFile(file)
  return { status: 'postponed', failure }
}
