import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { DirectUpload, DirectUploads } from '../domain/direct-upload.ts'
import { beginUpload } from './begin-upload.ts'
import type { UploadParts } from './complete-upload.ts'
import { abortUpload, completeUpload, findUpload } from './complete-upload.ts'
import type { DirectUploadJson } from './direct-upload-schemas.ts'
import {
  DirectUploadSchema,
  isExpired,
  NewDirectUploadSchema,
  OpenUploadsSchema,
  PartsSchema,
  toDirectUploadJson,
  toOpenUploadJson,
} from './direct-upload-schemas.ts'
import { endUnlessAssembled } from './end-unless-assembled.ts'
import type { IdempotencyOptions } from './idempotency.ts'
import { IdempotencyHeaders, onceAsJson } from './idempotency.ts'
import { missingParts, receivedParts, signParts } from './missing-parts.ts'
import { PageQuery, UploadParams } from './parameters.ts'
import { Problem } from './problem.ts'
import { STORAGE_PROBLEMS } from './problem-answers.ts'
import { FileSchema, toFileJson, toPage } from './schemas.ts'
import { sizeLimit } from './upload-limit.ts'

export type DirectUploadRoutesOptions = IdempotencyOptions &
  Omit<UploadParts, 'directUploads'> & {
    /** Undefined where clients cannot reach the object store. */
    readonly directUploads: DirectUploads | undefined
    readonly maxUploadBytes: number
    readonly uploadLifetimeMs: number
  }

const tags = ['direct uploads']
/** So many parts come with an upload. */
const FIRST_PAGE = { limit: 100 }
/** Browsers and proxies would keep the addresses. */
const SECRET = { 'cache-control': 'no-store' }

export const directUploadRoutes: FastifyPluginAsyncTypebox<DirectUploadRoutesOptions> = async (app, options) => {
  const { uploads, directUploads, idempotency } = options

  app.route({
    method: 'POST',
    url: '/knowledge-base/uploads',
    config: {
      problems: [
        'UPLOAD_NOT_FOUND',
        'UPLOAD_TOO_LARGE',
        'QUOTA_EXCEEDED',
        'DIRECT_UPLOADS_UNAVAILABLE',
        ...STORAGE_PROBLEMS,
      ],
    },
    schema: {
      operationId: 'beginUpload',
      tags,
      summary: 'Begin a direct upload',
      description:
        'For large files: the client sends the parts to the object store itself, then completes the upload. A file of 16 MB or less is one part.',
      headers: IdempotencyHeaders,
      body: NewDirectUploadSchema,
      response: {
        201: DirectUploadSchema,
      },
    },
    handler: async (request, reply) => {
      const { userId, body } = request
      const available = required(directUploads)
      if (body.size > options.maxUploadBytes) throw sizeLimit(options.maxUploadBytes).refusal()
      // Only the id is kept for repeats: what is signed is a secret, and does not last as long.
      const answer = await onceAsJson(idempotency, request as FastifyRequest, async (id, isResumed) => {
        const made = isResumed ? await uploads.find(userId, id) : undefined
        if (!made) await beginUpload({ ...options, directUploads: available }, { userId, id, file: body })
        return { status: 201, location: `/knowledge-base/uploads/${id}`, body: { id } }
      })
      const { id } = answer.body as { id: string }
      const upload = await findUpload(uploads, userId, id)
      return reply
        .status(201)
        .headers({ ...SECRET, location: `/knowledge-base/uploads/${id}` })
        .send(await toAnswer(options, upload))
    },
  })

  app.route({
    method: 'GET',
    url: '/knowledge-base/uploads',
    schema: {
      operationId: 'listUploads',
      tags,
      summary: 'List the direct uploads that are open',
      description:
        'The newest first. The quota sets room aside for each of them until it is completed, aborted or over.',
      querystring: PageQuery,
      response: { 200: OpenUploadsSchema },
    },
    handler: async ({ userId, query }) => toPage(await uploads.listOpen(userId, query), toOpenUploadJson),
  })

  app.route({
    method: 'GET',
    url: '/knowledge-base/uploads/:id',
    config: { problems: ['UPLOAD_NOT_FOUND', ...STORAGE_PROBLEMS] },
    schema: {
      operationId: 'getUpload',
      tags,
      summary: 'Get a direct upload',
      description: 'How much has come, and what it takes to send the rest: to go on where a client was cut off.',
      params: UploadParams,
      response: { 200: DirectUploadSchema },
    },
    handler: async (request, reply) => {
      const upload = await findUpload(uploads, request.userId, request.params.id)
      return reply.headers(SECRET).send(await toAnswer(options, upload))
    },
  })

  app.route({
    method: 'GET',
    url: '/knowledge-base/uploads/:id/parts',
    config: { problems: ['UPLOAD_NOT_FOUND', 'DIRECT_UPLOADS_UNAVAILABLE', ...STORAGE_PROBLEMS] },
    schema: {
      operationId: 'listMissingParts',
      tags,
      summary: 'List the parts that have not come',
      params: UploadParams,
      querystring: PageQuery,
      response: { 200: PartsSchema },
    },
    handler: async (request, reply) => {
      const upload = await findUpload(uploads, request.userId, request.params.id)
      const received = await receivedParts(directUploads, upload)
      const missing = received ? missingParts(upload, received) : []
      return reply.headers(SECRET).send(await signParts(required(directUploads), upload, missing, request.query))
    },
  })

  app.route({
    method: 'POST',
    url: '/knowledge-base/uploads/:id/complete',
    config: {
      problems: [
        'UPLOAD_NOT_FOUND',
        'FILE_NOT_FOUND',
        'UPLOAD_INCOMPLETE',
        'UPLOAD_BUSY',
        'UPLOAD_ENDED',
        'UPLOAD_MISMATCH',
        'QUOTA_EXCEEDED',
        'DIRECT_UPLOADS_UNAVAILABLE',
        'OBJECT_MISSING',
        ...STORAGE_PROBLEMS,
      ],
    },
    schema: {
      operationId: 'completeUpload',
      tags,
      summary: 'Complete a direct upload',
      description:
        'Checks size and SHA-256 of what the object store has, and makes the file, once: repeats get the same answer. What is not as promised is removed. A file of 1 GB is checked in some seconds.',
      params: UploadParams,
      response: {
        201: FileSchema,
      },
    },
    handler: async (request, reply) => {
      const { userId, params, raw, log } = request
      await findUpload(uploads, userId, params.id)
      const parts = { ...options, directUploads: required(directUploads) }
      // Nothing is said while a large file is read. What tests inject comes by no real socket.
      raw.socket.setTimeout?.(0)
      const file = await completeUpload(parts, userId, params.id)
      log.info({ fileId: file.id, s3Key: file.s3Key, size: file.size }, '📤 Uploaded file')
      return reply.status(201).header('location', `/knowledge-base/files/${file.id}`).send(toFileJson(file))
    },
  })

  app.route({
    method: 'POST',
    url: '/knowledge-base/uploads/:id/abort',
    config: { problems: ['UPLOAD_NOT_FOUND', 'UPLOAD_BUSY', 'UPLOAD_COMPLETED', ...STORAGE_PROBLEMS] },
    schema: {
      operationId: 'abortUpload',
      tags,
      summary: 'Abort a direct upload',
      description: 'Removes what has come. Aborting what has ended without a file changes nothing.',
      params: UploadParams,
      response: { 204: Type.Null() },
    },
    handler: async (request, reply) => {
      await abortUpload(options, request.userId, request.params.id)
      return reply.status(204).send(null)
    },
  })
}

function required(directUploads: DirectUploads | undefined): DirectUploads {
  if (!directUploads) throw new Problem('DIRECT_UPLOADS_UNAVAILABLE')
  return directUploads
}

type Standing = Pick<DirectUploadRoutesOptions, 'uploads' | 'directUploads' | 'objects'>

/** The upload as it stands, with what it takes to send the first of the parts that have not come. */
async function toAnswer({ directUploads, ...ports }: Standing, upload: DirectUpload): Promise<DirectUploadJson> {
  const received = await receivedParts(directUploads, upload)
  if (!directUploads || !received) return withoutParts(ports, upload)
  const missing = missingParts(upload, received)
  const parts = Math.ceil(upload.size / upload.partSize) - missing.length
  const bytes = received.reduce((sum, { size }) => sum + size, 0)
  return toDirectUploadJson(upload, { parts, bytes }, await signParts(directUploads, upload, missing, FIRST_PAGE))
}

/** Of one that has ended, or whose parts were put together. */
async function withoutParts(ports: Omit<Standing, 'directUploads'>, upload: DirectUpload): Promise<DirectUploadJson> {
  const isOpen = upload.status === 'open' && !isExpired(upload)
  const isWhole = isOpen ? await endUnlessAssembled(ports, upload) : upload.status === 'completed'
  const now = isOpen && !isWhole ? await findUpload(ports.uploads, upload.userId, upload.id) : upload
  const all = { parts: Math.ceil(upload.size / upload.partSize), bytes: upload.size }
  return toDirectUploadJson(now, isWhole ? all : { parts: 0, bytes: 0 }, { items: [], next_cursor: null })
}
