import type { FailureCode } from '../../domain/failure.ts'

type ExtractionCode = Extract<
  FailureCode,
  'UNSUPPORTED_TYPE' | 'ENCRYPTED' | 'CORRUPT' | 'NO_TEXT' | 'TOO_LARGE' | 'EXTRACTION_CRASHED' | 'EXTRACTION_TIMEOUT'
>

/** Why a file gives no text. Thrown by the readers of each format; it becomes data before it leaves the process. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
  readonly code: ExtractionCode
  /** What is particular to this file, for a person; never text of the document. */
  readonly detail: string | undefined

  constructor(code: ExtractionCode, detail?: string, cause?: unknown) {
    super(detail ?? code, { cause })
    this.code = code
    this.detail = detail
  }
}
