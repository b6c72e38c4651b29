import { isCancellation, proxyActivities, workflowInfo } from '@temporalio/workflow'
import type { ExtractedFile, FileRef, StagedFile } from '../activities/file-refs.ts'
import type { Activities } from '../activities/index.ts'
import type { Stage } from '../domain/failure.ts'
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

/** Carries one file from the object store to the vector store. A file that fails is an outcome; only a cancellation throws. */
export async function processFile(file: FileRef, retryBudgetMs: number): Promise<FileOutcome> {
  let stage: Stage = 'download'
  const options = (next: Stage) => {
    stage = next
    return { summary: `${next} · ${file.name}`, scheduleToCloseTimeout: retryBudgetMs }
  }
  try {
    const staged = await downloadFile.executeWithOptions(options('download'), [file])
    const extracted = await extractNearby(staged, options('extract').summary, retryBudgetMs)
    const embedded = await embedChunks.executeWithOptions(
      { ...options('embed'), taskQueue: embeddingQueue(workflowInfo().taskQueue) },
      [extracted],
    )
    await upsertVectors.executeWithOptions(options('store'), [embedded])
    return { status: 'indexed' }
  } catch (error) {
    if (isCancellation(error)) throw error
    return settle(file, toFileFailure(error, stage))
  }
}

/** Where the file is staged, else anywhere. */
async function extractNearby(staged: StagedFile, summary: string, retryBudgetMs: number): Promise<ExtractedFile> {
  try {
    return await extractTextOnHost.executeWithOptions({ summary, taskQueue: staged.hostQueue }, [staged])
  } catch (error) {
    if (isCancellation(error) || !mayRunElsewhere(error)) throw error
    // Not the budget itself: that a file waits for its turn, and is read, is no fault to be tried again.
    return extractText.executeWithOptions({ summary, retry: triesWithin(retryBudgetMs) }, [staged])
  }
}

async function settle(file: FileRef, failure: FileFailure): Promise<FileOutcome> {
  if (FAILURES[failure.code].pauses) {
    await postponeFile(file)
    return { status: 'postponed', failure }
  }
  await recordFailure.executeWithOptions({ summary: `${failure.code} · ${file.name}` }, [{ ...file, ...failure }])
  return { status: 'failed', failure }
}
