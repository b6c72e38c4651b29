import type { FailureCode } from '../../domain/failure.ts'
import type { ExtractedText } from '../../domain/ports.ts'

/** What a thread is asked to do. A file larger than `maxBytes` is not read. */
export type ExtractionTask = { readonly path: string; readonly maxBytes: number }

/** Why a file gives no text. Data, since an error loses its class on the way out of a thread. */
type ExtractionFailure = { readonly code: FailureCode; readonly detail?: string; readonly cause?: unknown }

/** What a reader of one type gives; words are counted for all types alike. */
export type Reading = Omit<ExtractedText, 'wordCount'> | ExtractionFailure

export type Extraction = ExtractedText | ExtractionFailure
