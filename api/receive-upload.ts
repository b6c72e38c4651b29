import { randomUUID } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import type { MultipartFile } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import type { FailureCode } from '../domain/failure.ts'
import { Failure } from '../domain/failure.ts'
import { mediaType } from '../domain/file-name.ts'
import { originalKey } from '../domain/keys.ts'
import type { Measured } from '../domain/meter.ts'
import { Meter } from '../domain/meter.ts'
import type { NewContent, ObjectStore } from '../domain/ports.ts'
import { Problem } from './problem.ts'
import { STORAGE_PROBLEMS } from './problem-answers.ts'
import type { UploadLimit } from './upload-limit.ts'
import { sizeLimit } from './upload-limit.ts'

export type Upload = { readonly part: MultipartFile; readonly key: string; readonly limit: UploadLimit }

/** The part named "file". @throws Problem FILE_PART_MISSING, UPLOAD_ABORTED */
export async function filePart(request: FastifyRequest, maxBytes: number): Promise<MultipartFile> {
  if (!request.isMultipart()) throw new Problem('FILE_PART_MISSING')
  // Its end is past, so whoever listens now would hear of none.
  if (request.raw.destroyed) throw new Problem('UPLOAD_ABORTED')
  // One byte more than allowed, so that a file of exactly the limit is not taken for a cut one.
  const limits = { fileSize: maxBytes + 1, files: 1, fields: 20, parts: 21, headerPairs: 50, fieldSize: 10_000 }
  const part = await request.file({ limits, throwFileSizeLimit: false }).catch((cause: unknown) => {
    // No boundary, a body that ends early, more parts than anybody needs.
    throw new Problem('FILE_PART_MISSING', { detail: 'The multipart body cannot be read.', cause })
  })
  if (part && part.fieldname === 'file' && part.filename !== undefined) return part
  part?.file.resume()
  throw new Problem('FILE_PART_MISSING', part ? { detail: `The part that came ${describe(part)}.` } : {})
}

/** Busboy's types promise a name, but a part need not have one. */
const describe = ({ fieldname }: { readonly fieldname: string | undefined }) =>
  fieldname ? `is named "${fieldname.slice(0, 50)}"` : 'has no name'

export const newUpload = (userId: string, fileId: string, part: MultipartFile, limit: UploadLimit): Upload => ({
  part,
  key: originalKey(userId, fileId, randomUUID()),
  limit,
})

/**
 * Streams the bytes into the object store in constant memory; size and SHA-256 are taken on the way. Nothing is kept of an
 * upload that fails.
 * @throws Problem UPLOAD_TOO_LARGE, QUOTA_EXCEEDED, UPLOAD_ABORTED; Failure STORAGE_… of the store, after which the rest is still unread
 */
export async function receiveContent(objects: ObjectStore, upload: Upload): Promise<Omit<NewContent, 's3Url'>> {
  const { part, key, limit } = upload
  const meter = meterUpTo(limit)
  // Its errors come back through the store, which may not listen yet when they happen.
  meter.on('error', () => undefined)
  const abort = () => meter.destroy(new Problem('UPLOAD_ABORTED'))
  part.file.once('error', abort).once('close', () => part.file.readableEnded || abort())
  if (part.file.destroyed) abort()
  part.file.pipe(meter)
  const type = mediaType(part.mimetype)
  try {
    await objects.upload(key, meter, { contentType: type })
  } catch (error) {
    part.file.unpipe(meter)
    throw meter.errored instanceof Problem ? meter.errored : error
  }
  return { ...meter.measured(), type, s3Key: key, processingStatus: 'uploaded' }
}

/** The seed's fallback: storage is missing or fails, so only the metadata is kept. Reads what is left of the file, to know its size. */
export async function withoutContent({ part, key, limit }: Upload): Promise<Omit<NewContent, 's3Url'>> {
  for await (const _ of part.file);
  if (part.file.bytesRead > limit.maxBytes) throw limit.refusal()
  return {
    type: mediaType(part.mimetype),
    s3Key: key,
    size: part.file.bytesRead,
    sha256: null,
    processingStatus: 'not_stored',
  }
}

/** Reads a file that is here already, and keeps nothing. @throws Problem UPLOAD_TOO_LARGE, UPLOAD_ABORTED */
export async function measureContent(part: MultipartFile, maxBytes: number): Promise<Measured> {
  const meter = meterUpTo(sizeLimit(maxBytes))
  try {
    await pipeline(part.file, meter.resume())
  } catch (error) {
    throw error instanceof Problem ? error : new Problem('UPLOAD_ABORTED', { cause: error })
  }
  return meter.measured()
}

const meterUpTo = ({ maxBytes, refusal }: UploadLimit) =>
  new Meter((bytes) => {
    if (bytes > maxBytes) throw refusal()
  })

const STORAGE_FAILURES: ReadonlySet<FailureCode> = new Set(STORAGE_PROBLEMS)

export const isStorageFailure = (error: unknown): error is Failure =>
  error instanceof Failure && STORAGE_FAILURES.has(error.code)
