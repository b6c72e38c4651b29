import type { ExtractionConfig } from '../../config.ts'
import type { FailureCode } from '../../domain/failure.ts'
import type { ExtractedText } from '../../domain/ports.ts'

/** What one file may take. */
export type ExtractionLimits = Pick<ExtractionConfig, 'memoryMb' | 'maxPages' | 'maxCharacters'>

/** What a process is asked to do. */
export type ExtractionTask = {
  readonly path: string
  readonly limits: ExtractionLimits
  readonly ocr: ExtractionConfig['ocr']
}

/** What the reader of one format gives; language and words are found for all formats alike. */
export type Reading = Pick<ExtractedText, 'pages' | 'documentType'> &
  Partial<Pick<ExtractedText, 'title' | 'author' | 'pagesSkipped'>>

/** What came of it, or why a file gives no text. Data, since an error loses its class on the way out of the process. */
export type Extraction =
  | ExtractedText
  | { readonly code: FailureCode; readonly detail?: string | undefined; readonly cause?: unknown }
