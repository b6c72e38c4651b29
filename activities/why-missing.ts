import { Failure } from '../domain/failure.ts'
import type { Ports } from './ports.ts'

type Original = { readonly userId: string; readonly fileId: string; readonly s3Key: string }

/**
 * An original is gone too when its file got new content meanwhile. That is no fault of the file's: it starts again, with the
 * new content. @returns `error`, or the Failure ARTEFACT_MISSING instead
 */
export async function whyMissing(files: Ports['files'], { userId, fileId, s3Key }: Original, error: unknown) {
  if (!(error instanceof Failure && error.code === 'OBJECT_MISSING')) return error
  const current = await files.find(userId, fileId)
  if (!current || current.s3Key === s3Key) return error
  return new Failure('ARTEFACT_MISSING', { fileId, s3Key }, { detail: 'the file got new content' })
}
