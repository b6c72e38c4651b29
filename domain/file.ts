export type ProcessingStatus = 'uploaded' | 'not_stored' | 'processing' | 'processed' | 'failed' | 'deleting'

/** An uploaded file: metadata only, its bytes are in the object store under `s3Key`, or still in the database (`databaseKey`). */
export type StoredFile = {
  readonly id: string
  readonly userId: string
  /** The name that is safe in a path or a header. */
  readonly name: string
  /** The name that the user gave. */
  readonly originalName: string
  /** In bytes. */
  readonly size: number
  /** The media type that the client declared. */
  readonly type: string
  readonly s3Url: string
  readonly s3Key: string
  /** Lower-case hexadecimal; null where the bytes were not kept, and until it is needed of a file that an older product left. */
  readonly sha256: string | null
  readonly title: string | null
  readonly author: string | null
  readonly documentType: string | null
  readonly language: string | null
  readonly wordCount: number | null
  readonly pageCount: number | null
  readonly processingStatus: ProcessingStatus
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** Whether there are bytes of it anywhere. */
export const hasContent = ({ processingStatus }: Pick<StoredFile, 'processingStatus'>) =>
  processingStatus !== 'not_stored'
