import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { create as contentDisposition } from 'content-disposition'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { FAILURES, Failure } from '../domain/failure.ts'
import type { StoredFile } from '../domain/file.ts'
import { hasContent } from '../domain/file.ts'
import { displayName, safeName } from '../domain/file-name.ts'
import type { FileStore, NewContent, ObjectStore } from '../domain/ports.ts'
import { QuotaExceeded } from '../domain/quota.ts'
import type { UsageStore } from '../domain/usage.ts'
import { contentUrl } from './content-url.ts'
import type { ExpertRuns } from './expert-runs.ts'
import type { Answer, IdempotencyOptions } from './idempotency.ts'
import { answerWith, fingerprintOf, IdempotencyHeaders, once } from './idempotency.ts'
import { FileParams, PageQuery } from './parameters.ts'
import { Problem } from './problem.ts'
import { STORAGE_PROBLEMS } from './problem-answers.ts'
import type { Upload } from './receive-upload.ts'
import {
  filePart,
  isStorageFailure,
  measureContent,
  newUpload,
  receiveContent,
  withoutContent,
} from './receive-upload.ts'
import { DeletionSchema, FileSchema, NotStoredFileSchema, PageSchema, toFileJson, toPage } from './schemas.ts'
import { uploadLimit } from './upload-limit.ts'

export type FileRoutesOptions = IdempotencyOptions & {
  readonly files: FileStore
  readonly objects: ObjectStore
  readonly runs: ExpertRuns
  readonly usage: UsageStore
  readonly publicUrl: string
  readonly maxUploadBytes: number
}

const tags = ['knowledge base']
const multipart = { consumes: ['multipart/form-data'] }

export const fileRoutes: FastifyPluginAsyncTypebox<FileRoutesOptions> = async (app, options) => {
  const { files, objects, maxUploadBytes, idempotency } = options

  app.route({
    method: 'POST',
    url: '/knowledge-base/upload',
    config: { problems: ['FILE_PART_MISSING', 'UPLOAD_ABORTED', 'QUOTA_EXCEEDED', 'UPLOAD_TOO_LARGE'] },
    schema: {
      operationId: 'uploadFile',
      tags,
      ...multipart,
      summary: 'Upload a file',
      description:
        'Multipart form data with the file in the part "file". Answered 202, with a warning, where object storage is not available: then the bytes were not kept.',
      headers: IdempotencyHeaders,
      response: {
        201: FileSchema,
        202: NotStoredFileSchema,
      },
    },
    handler: async (request, reply) => {
      const answer = await once(idempotency, request as FastifyRequest, {
        make: async (fileId, isResumed) => {
          const made = isResumed ? await files.find(request.userId, fileId) : undefined
          return made
            ? resume(options, request as FastifyRequest, made)
            : create(options, request as FastifyRequest, fileId)
        },
        isSame: (fingerprint) => isSameFile(options, request as FastifyRequest, fingerprint),
      })
      return answerWith(reply, answer)
    },
  })

  app.route({
    method: 'PUT',
    url: '/knowledge-base/files/:id/content',
    config: {
      problems: [
        'FILE_NOT_FOUND',
        'FILE_BEING_DELETED',
        'FILE_PART_MISSING',
        'UPLOAD_ABORTED',
        'QUOTA_EXCEEDED',
        'UPLOAD_TOO_LARGE',
        ...STORAGE_PROBLEMS,
      ],
    },
    schema: {
      operationId: 'replaceFileContent',
      tags,
      ...multipart,
      summary: "Replace a file's content",
      description: 'Experts that failed on the file take the new content with their next retry.',
      params: FileParams,
      response: {
        200: FileSchema,
      },
    },
    handler: async (request) => {
      const old = await findFileThatStays(files, request.userId, request.params.id)
      const limit = await uploadLimit(options, request as FastifyRequest, old.size)
      const part = await filePart(request, maxUploadBytes)
      const received = await receiveContent(objects, newUpload(request.userId, old.id, part, limit))
      const content = { ...received, s3Url: urlOf(options, received.s3Key, old.id) }
      const file = await keepOrRemove(objects, content, () => files.replaceContent(request.userId, old.id, content))
      if (!file) {
        await objects.delete(content.s3Key)
        await findFileThatStays(files, request.userId, old.id)
        throw new Problem('FILE_NOT_FOUND')
      }
      await deleteObject(objects, old, request.log)
      return toFileJson(file)
    },
  })

  app.route({
    method: 'GET',
    url: '/knowledge-base/files',
    schema: {
      operationId: 'listFiles',
      tags,
      summary: 'List files, newest first',
      querystring: PageQuery,
      response: { 200: PageSchema(FileSchema) },
    },
    handler: async (request) => toPage(await files.list(request.userId, request.query), toFileJson),
  })

  app.route({
    method: 'GET',
    url: '/knowledge-base/files/:id',
    config: { problems: ['FILE_NOT_FOUND'] },
    schema: {
      operationId: 'getFile',
      tags,
      summary: 'Get a file',
      params: FileParams,
      response: { 200: FileSchema },
    },
    handler: async (request) => toFileJson(await findFile(files, request.userId, request.params.id)),
  })

  app.route({
    method: 'GET',
    url: '/knowledge-base/files/:id/content',
    config: { problems: ['FILE_NOT_FOUND', 'CONTENT_MISSING', 'OBJECT_MISSING', ...STORAGE_PROBLEMS] },
    schema: {
      operationId: 'downloadFile',
      tags,
      summary: "Download a file's content",
      params: FileParams,
      produces: ['application/octet-stream'],
      response: {
        200: {
          description: 'The bytes, as an attachment.',
          content: { 'application/octet-stream': { schema: Type.Any() } },
        },
      },
    },
    handler: async (request, reply) => {
      const file = await findFile(files, request.userId, request.params.id)
      if (!hasContent(file)) throw new Problem('CONTENT_MISSING')
      const body = await contentFor(request.method, objects, file)
      return reply
        .header('content-disposition', contentDisposition(file.originalName))
        .header('content-length', file.size)
        .header('x-content-type-options', 'nosniff')
        .type('application/octet-stream')
        .send(body)
    },
  })

  app.route({
    method: 'DELETE',
    url: '/knowledge-base/files/:id',
    config: { problems: ['FILE_NOT_FOUND', 'FILE_IN_USE', 'TEMPORAL_UNAVAILABLE'] },
    schema: {
      operationId: 'deleteFile',
      tags,
      summary: 'Delete a file',
      description:
        'One that no expert uses is gone with the answer. With cascade=true one that experts use is taken out of them and deleted by the workflow that the answer tells; once that is done, the file is not found any more.',
      params: FileParams,
      querystring: Type.Object({
        cascade: Type.Optional(Type.Boolean({ description: 'Also takes it out of experts.', examples: [true] })),
      }),
      response: {
        202: DeletionSchema,
        204: Type.Null(),
      },
    },
    handler: async (request, reply) => {
      const file = await findFile(files, request.userId, request.params.id)
      if (request.query.cascade) return reply.status(202).send(await cascade(options, file))
      const { deleted, experts } = await files.delete(request.userId, file.id)
      if (experts.length > 0)
        throw new Problem('FILE_IN_USE', {
          detail: `It is used by ${experts.map(({ name }) => `"${name}"`).join(', ')}.`,
          extra: { experts },
        })
      if (deleted) await deleteObject(objects, file, request.log)
      return reply.status(204).send(null)
    },
  })
}

/** Stores the file of a request under this id. */
async function create(options: FileRoutesOptions, request: FastifyRequest, fileId: string): Promise<Answer> {
  const { userId, log } = request
  const limit = await uploadLimit(options, request)
  const part = await filePart(request, options.maxUploadBytes)
  const upload = newUpload(userId, fileId, part, limit)
  const originalName = displayName(part.filename)
  const identity = { id: fileId, userId, originalName, name: safeName(originalName) }
  const { content, warning } = await receive(options, fileId, upload, log)
  const file = await keepOrRemove(options.objects, content, () => options.files.insert({ ...identity, ...content }))
  log.info({ fileId, s3Key: file.s3Key, size: file.size }, '📤 Uploaded file')
  return toAnswer(file, warning)
}

/** The answer for a file that was stored by a request that did not come to its end. */
async function resume(options: FileRoutesOptions, request: FastifyRequest, file: StoredFile): Promise<Answer> {
  if (!(await isSameFile(options, request, fingerprintOfFile(file)))) throw new Problem('IDEMPOTENCY_KEY_REUSED')
  return toAnswer(file, hasContent(file) ? undefined : FAILURES.CONTENT_NOT_STORED.sentence)
}

function toAnswer(file: StoredFile, warning: string | undefined): Answer {
  const fingerprint = fingerprintOfFile(file)
  if (warning !== undefined) return { status: 202, fingerprint, body: { ...toFileJson(file), warning } }
  return { status: 201, location: `/knowledge-base/files/${file.id}`, fingerprint, body: toFileJson(file) }
}

type SentFile = Pick<StoredFile, 'originalName' | 'size' | 'sha256'>

const fingerprintOfFile = ({ originalName, size, sha256 }: SentFile) => fingerprintOf(originalName, size, sha256)

/** Reads the file that comes with a repeat, and keeps nothing of it. Of one that was not stored only name and size are known. */
async function isSameFile(
  { maxUploadBytes }: FileRoutesOptions,
  request: FastifyRequest,
  fingerprint: string,
): Promise<boolean> {
  const part = await filePart(request, maxUploadBytes)
  const file = { originalName: displayName(part.filename), ...(await measureContent(part, maxUploadBytes)) }
  return [file, { ...file, sha256: null }].some((sent) => fingerprintOfFile(sent) === fingerprint)
}

/** Marks the file, so that no expert takes it up, and hands the rest to Temporal; where that fails, the file is as it was. */
async function cascade({ files, runs }: FileRoutesOptions, file: StoredFile) {
  await files.setProcessingStatus(file.userId, file.id, 'deleting')
  try {
    const workflowId = await runs.deleteFile(file)
    return { workflow_id: workflowId, temporal_ui_url: runs.urlOf(workflowId) }
  } catch (error) {
    await files.setProcessingStatus(file.userId, file.id, file.processingStatus)
    throw error
  }
}

/** For HEAD none, since Fastify would read it all and throw it away; an object that is gone is told all the same. */
async function contentFor(method: string, objects: ObjectStore, { s3Key }: StoredFile): Promise<Readable> {
  if (method !== 'HEAD') return objects.download(s3Key)
  if ((await objects.size(s3Key)) === undefined) throw new Failure('OBJECT_MISSING', { s3Key })
  return Readable.from([])
}

async function findFile(files: FileStore, userId: string, id: string): Promise<StoredFile> {
  const file = await files.find(userId, id)
  if (!file) throw new Problem('FILE_NOT_FOUND')
  return file
}

async function findFileThatStays(files: FileStore, userId: string, id: string): Promise<StoredFile> {
  const file = await findFile(files, userId, id)
  if (file.processingStatus === 'deleting') throw new Problem('FILE_BEING_DELETED')
  return file
}

/** The object's own address, or the API's for a store that has none. */
export const urlOf = (
  { objects, publicUrl }: Pick<FileRoutesOptions, 'objects' | 'publicUrl'>,
  s3Key: string,
  fileId: string,
) => objects.urlOf(s3Key) ?? contentUrl(publicUrl, fileId)

async function receive(options: FileRoutesOptions, fileId: string, upload: Upload, log: FastifyBaseLogger) {
  try {
    const content = await receiveContent(options.objects, upload)
    return { content: { ...content, s3Url: urlOf(options, content.s3Key, fileId) }, warning: undefined }
  } catch (error) {
    if (!isStorageFailure(error)) throw error
    log.warn({ err: error, fileId, s3Key: upload.key }, '⚠️ File storage failed: only the metadata is kept')
    const content = { ...(await withoutContent(upload)), s3Url: `temp://not-stored/${fileId}` }
    return { content, warning: warningFor(error, fileId) }
  }
}

const warningFor = ({ message }: Failure, fileId: string) =>
  `The bytes of this file were not kept: ${message} Once that is mended, send them again with PUT /knowledge-base/files/${fileId}/content.`

/**
 * No object without a row: where the database says that it did not write one, the object goes too. After any other error,
 * as when the connection broke, the row may be there; if it is not, housekeeping removes the object.
 */
async function keepOrRemove<T>(objects: ObjectStore, content: NewContent, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (content.sha256 && isRefused(error)) await objects.delete(content.s3Key).catch(() => undefined)
    throw error
  }
}

/** By the quota, or an SQLSTATE of a class in which the statement had no effect: data, constraint, syntax or rights, resources. */
const isRefused = (error: unknown) =>
  error instanceof QuotaExceeded ||
  (error instanceof Error && 'code' in error && /^(22|23|42|53)[0-9A-Z]{3}$/.test(String(error.code)))

/** The row is gone or points elsewhere, so a failure here leaves an object that nobody sees; housekeeping finds it. */
async function deleteObject(objects: ObjectStore, file: StoredFile, log: FastifyBaseLogger): Promise<void> {
  if (!hasContent(file)) return
  await objects
    .delete(file.s3Key)
    .catch((error: unknown) => log.warn({ err: error, s3Key: file.s3Key }, '⚠️ Could not delete an object'))
}
