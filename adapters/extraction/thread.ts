/* What runs in each thread of the extractor's pool. */
import { extractFile } from './extract-file.ts'
import type { Extraction, ExtractionTask } from './extraction.ts'

/** What came of a task: its result, or the error that it threw, so that a rejection can only mean that the thread died. */
export type ThreadAnswer = Extraction | { readonly thrown: unknown }

// pdf.js leaves rejected promises behind in files that it reads well enough; one must not end the thread, and with it
// whatever file is read next.
process.on('unhandledRejection', () => {})

export const extract = (task: ExtractionTask): Promise<ThreadAnswer> =>
  extractFile(task).catch((thrown: unknown) => ({ thrown }))
