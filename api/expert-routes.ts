import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import type { Embedders } from '../domain/embedders.ts'
import type { Expert, ExpertStatus } from '../domain/expert.ts'
import { FINAL_STATUSES } from '../domain/expert.ts'
import type { ExpertStore, FileStore } from '../domain/ports.ts'
import type { Prices, UsageStore } from '../domain/usage.ts'
import { createExpertId } from '../workflows/contract.ts'
import type { CallbackOptions } from './callbacks.ts'
import { callbackAt, withSecret } from './callbacks.ts'
import { checkFiles, FILE_IDS_BODY_LIMIT } from './check-files.ts'
import { etagOf, IfMatchHeaders, versionsIn } from './expert-etag.ts'
import type { ExpertRuns } from './expert-runs.ts'
import type { IdempotencyOptions } from './idempotency.ts'
import { answerWith, IdempotencyHeaders, onceAsJson } from './idempotency.ts'
import { ExpertFileParams, ExpertParams, PageQuery } from './parameters.ts'
import { Problem } from './problem.ts'
import {
  DeletionSchema,
  ExpertEditSchema,
  ExpertFileSchema,
  ExpertFileStatusSchema,
  ExpertSchema,
  ExpertWithSecretSchema,
  NewExpertSchema,
  PageSchema,
  Text,
  toExpertEdit,
  toExpertFileJson,
  toExpertJson,
  toPage,
  Uuid,
} from './schemas.ts'

export type ExpertRoutesOptions = IdempotencyOptions &
  CallbackOptions & {
    readonly experts: ExpertStore
    readonly files: FileStore
    readonly runs: ExpertRuns
    readonly embedders: Embedders
    readonly usage: UsageStore
    readonly prices: Prices
  }

const FileStatusQuery = { ...ExpertFileStatusSchema, examples: ['failed' as const] }
const ExpertsQuery = Type.Object({
  ...PageQuery.properties,
  name: Type.Optional(
    Text({ maxLength: 255, description: 'Only those of this name, letter for letter.', examples: ['Test Expert'] }),
  ),
})
const FileIds = Type.Array(Uuid, { minItems: 1, maxItems: 100_000 })
const tags = ['experts']
const AT_REST: readonly ExpertStatus[] = ['paused', ...FINAL_STATUSES]
const ALIVE: readonly ExpertStatus[] = ['queued', 'processing', ...AT_REST]

export const expertRoutes: FastifyPluginAsyncTypebox<ExpertRoutesOptions> = async (app, options) => {
  const { experts, files, runs, embedders, idempotency, callbacks, usage, prices } = options

  const toJson = (expert: Expert) => {
    const workflowId = createExpertId(expert.id)
    return toExpertJson(expert, { workflowId, uiUrl: runs.urlOf(workflowId), prices })
  }

  const find = async (userId: string, expertId: string): Promise<Expert> => {
    const expert = await experts.find(userId, expertId)
    if (!expert) throw new Problem('EXPERT_NOT_FOUND')
    return expert
  }

  /**
   * Queues an expert and hands the work to Temporal; where that fails, the expert is as it was. The status goes first,
   * so that whoever asks for it after this request never sees the result of the pass before.
   */
  const queue = async (expert: Expert, request: () => Promise<void>): Promise<Expert> => {
    if (expert.status === 'deleting') throw new Problem('EXPERT_BEING_DELETED')
    // Its files would only be handed back.
    embedders.of(expert)
    const before = await experts.changeStatus(expert.userId, expert.id, { from: AT_REST, to: 'queued' })
    try {
      await request()
    } catch (error) {
      if (before) await experts.changeStatus(expert.userId, expert.id, { from: ['queued'], to: before })
      throw error
    }
    return find(expert.userId, expert.id)
  }

  const create = async (userId: string, id: string, body: Static<typeof NewExpertSchema>): Promise<Expert> => {
    const { name, system_prompt: systemPrompt, voice_id: voiceId = null, selected_files } = body
    const callback = callbackAt(body.callback_url, options) ?? undefined
    const fileIds = await checkFiles(files, userId, selected_files)
    await usage.checkTokens(userId)
    const made = { id, userId, name, systemPrompt, voiceId, callback, ...embeddingsOf(embedders) }
    const expert = await experts.insert(made, fileIds)
    await runs.start(expert).catch(async (error: unknown) => {
      await experts.discard(userId, id)
      throw error
    })
    return expert
  }

  /** An expert that was made by a request that did not come to its end; starting what runs already changes nothing. */
  const resume = async (userId: string, id: string): Promise<Expert | undefined> => {
    const expert = await experts.find(userId, id)
    if (expert?.status === 'queued') await runs.start(expert)
    return expert
  }

  app.route({
    method: 'POST',
    url: '/experts',
    bodyLimit: FILE_IDS_BODY_LIMIT,
    config: {
      problems: ['UNKNOWN_FILES', 'CALLBACK_URL_NOT_ALLOWED', 'TOKEN_QUOTA_EXHAUSTED', 'TEMPORAL_UNAVAILABLE'],
    },
    schema: {
      operationId: 'createExpert',
      tags,
      summary: 'Create an expert from files',
      description: 'Starts the workflow that turns the files into a knowledge base, and answers at once.',
      headers: IdempotencyHeaders,
      body: NewExpertSchema,
      response: {
        202: ExpertWithSecretSchema,
      },
    },
    handler: async (request, reply) => {
      const { userId, body } = request
      const answer = await onceAsJson(idempotency, request, async (id, isResumed) => {
        const expert = (isResumed && (await resume(userId, id))) || (await create(userId, id, body))
        return { status: 202, location: `/experts/${id}`, body: toJson(expert) }
      })
      const shown = answer.body as ReturnType<typeof toJson>
      // Not in the answer that is kept: a repeat is shown what the expert has.
      const secret = shown.callback_url === null ? undefined : await callbacks.secretOf(userId, shown.id)
      return answerWith(reply, { ...answer, body: withSecret(shown, secret) })
    },
  })

  app.route({
    method: 'GET',
    url: '/experts',
    schema: {
      operationId: 'listExperts',
      tags,
      summary: 'List experts, newest first',
      querystring: ExpertsQuery,
      response: { 200: PageSchema(ExpertSchema) },
    },
    handler: async (request) => toPage(await experts.list(request.userId, request.query), toJson),
  })

  app.route({
    method: 'GET',
    url: '/experts/:id',
    config: { problems: ['EXPERT_NOT_FOUND'] },
    schema: {
      operationId: 'getExpert',
      tags,
      summary: 'Get an expert with its progress and summary',
      params: ExpertParams,
      response: { 200: ExpertSchema },
    },
    handler: async (request, reply) => {
      const expert = await find(request.userId, request.params.id)
      return reply.header('etag', etagOf(expert)).send(toJson(expert))
    },
  })

  app.route({
    method: 'PATCH',
    url: '/experts/:id',
    config: {
      problems: ['EXPERT_NOT_FOUND', 'EXPERT_BEING_DELETED', 'PRECONDITION_FAILED', 'CALLBACK_URL_NOT_ALLOWED'],
    },
    schema: {
      operationId: 'updateExpert',
      tags,
      summary: "Change an expert's name, prompt, voice or callback",
      description:
        'What is left out stays. Its knowledge is not touched, and its run goes on. The first callback_url comes with a callback_secret, another one keeps it, null ends both.',
      params: ExpertParams,
      headers: IfMatchHeaders,
      body: ExpertEditSchema,
      response: {
        200: ExpertWithSecretSchema,
      },
    },
    handler: async (request, reply) => {
      const { userId, params, headers, body } = request
      const versions = versionsIn(headers['if-match'])
      const callback = callbackAt(body.callback_url, options)
      const edited = await experts.edit(userId, params.id, { ...toExpertEdit(body), callback, versions })
      if (!edited) {
        if ((await find(userId, params.id)).status === 'deleting') throw new Problem('EXPERT_BEING_DELETED')
        throw new Problem('PRECONDITION_FAILED')
      }
      const secret = callback && (await callbacks.secretOf(userId, params.id))
      const isNew = secret === callback?.secret
      return reply.header('etag', etagOf(edited)).send(withSecret(toJson(edited), isNew ? secret : undefined))
    },
  })

  app.route({
    method: 'GET',
    url: '/experts/:id/files',
    config: { problems: ['EXPERT_NOT_FOUND'] },
    schema: {
      operationId: 'listExpertFiles',
      tags,
      summary: "List an expert's files with their stage and outcome",
      params: ExpertParams,
      querystring: Type.Object({
        ...PageQuery.properties,
        status: Type.Optional(FileStatusQuery),
      }),
      response: { 200: PageSchema(ExpertFileSchema) },
    },
    handler: async (request) => {
      const { id } = await find(request.userId, request.params.id)
      return toPage(await experts.listFiles(request.userId, id, request.query), toExpertFileJson)
    },
  })

  app.route({
    method: 'POST',
    url: '/experts/:id/files',
    bodyLimit: FILE_IDS_BODY_LIMIT,
    config: {
      problems: [
        'EXPERT_NOT_FOUND',
        'EXPERT_BEING_DELETED',
        'EMBEDDING_MODEL_MISMATCH',
        'UNKNOWN_FILES',
        'TOKEN_QUOTA_EXHAUSTED',
        'TEMPORAL_UNAVAILABLE',
      ],
    },
    schema: {
      operationId: 'addExpertFiles',
      tags,
      summary: 'Add files to an expert',
      params: ExpertParams,
      headers: IdempotencyHeaders,
      body: Type.Object({ file_ids: FileIds }),
      response: {
        202: ExpertSchema,
      },
    },
    handler: async (request, reply) => {
      const { userId, params, body } = request
      const answer = await onceAsJson(idempotency, request, async () => {
        const expert = await find(userId, params.id)
        const fileIds = await checkFiles(files, userId, body.file_ids)
        await usage.checkTokens(userId)
        return { status: 202, body: toJson(await queue(expert, () => runs.add(expert, { fileIds }))) }
      })
      return answerWith(reply, answer)
    },
  })

  app.route({
    method: 'DELETE',
    url: '/experts/:id/files/:fileId',
    config: { problems: ['EXPERT_NOT_FOUND', 'FILE_NOT_FOUND', 'EXPERT_BEING_DELETED', 'TEMPORAL_UNAVAILABLE'] },
    schema: {
      operationId: 'removeExpertFile',
      tags,
      summary: 'Take a file out of an expert',
      description:
        'The file itself stays. The answer tells the workflow that removes its vectors; once that is done, the expert does not list the file any more.',
      params: ExpertFileParams,
      response: { 202: DeletionSchema },
    },
    handler: async (request, reply) => {
      const { id, fileId } = request.params
      const expert = await find(request.userId, id)
      if (expert.status === 'deleting') throw new Problem('EXPERT_BEING_DELETED')
      if (!(await experts.hasFile(request.userId, id, fileId))) throw new Problem('FILE_NOT_FOUND')
      const workflowId = await runs.remove(expert, [fileId])
      return reply.status(202).send({ workflow_id: workflowId, temporal_ui_url: runs.urlOf(workflowId) })
    },
  })

  app.route({
    method: 'POST',
    url: '/experts/:id/retry',
    bodyLimit: FILE_IDS_BODY_LIMIT,
    config: {
      problems: [
        'EXPERT_NOT_FOUND',
        'EXPERT_BEING_DELETED',
        'EMBEDDING_MODEL_MISMATCH',
        'TOKEN_QUOTA_EXHAUSTED',
        'TEMPORAL_UNAVAILABLE',
      ],
    },
    schema: {
      operationId: 'retryExpert',
      tags,
      summary: 'Process failed files again',
      description:
        'Those in file_ids, or all that failed or were cancelled. Resumes a paused expert. Without a failed file it changes nothing.',
      params: ExpertParams,
      body: Type.Optional(Type.Union([Type.Object({ file_ids: Type.Optional(FileIds) }), Type.Null()])),
      response: { 202: ExpertSchema },
    },
    handler: async (request, reply) => {
      const expert = await find(request.userId, request.params.id)
      if (!hasWorkToRetry(expert)) return reply.status(202).send(toJson(expert))
      await usage.checkTokens(request.userId)
      const fileIds = request.body?.file_ids
      const queued = await queue(expert, () => runs.retry(expert, fileIds ? { fileIds } : {}))
      return reply.status(202).send(toJson(queued))
    },
  })

  app.route({
    method: 'POST',
    url: '/experts/:id/cancel',
    config: { problems: ['EXPERT_NOT_FOUND', 'EXPERT_BEING_DELETED', 'TEMPORAL_UNAVAILABLE'] },
    schema: {
      operationId: 'cancelExpert',
      tags,
      summary: "Cancel an expert's run",
      description: 'Files that are indexed stay. A later retry takes up the others.',
      params: ExpertParams,
      response: { 202: ExpertSchema },
    },
    handler: async (request, reply) => {
      const expert = await find(request.userId, request.params.id)
      if (expert.status === 'deleting') throw new Problem('EXPERT_BEING_DELETED')
      await runs.cancel(expert)
      return reply.status(202).send(toJson(expert))
    },
  })

  app.route({
    method: 'DELETE',
    url: '/experts/:id',
    config: { problems: ['EXPERT_NOT_FOUND', 'TEMPORAL_UNAVAILABLE'] },
    schema: {
      operationId: 'deleteExpert',
      tags,
      summary: 'Delete an expert with its vectors',
      description:
        'Its files stay. The answer tells the workflow that does it; once it is done, the expert is not found any more.',
      params: ExpertParams,
      response: { 202: ExpertSchema },
    },
    handler: async (request, reply) => {
      const expert = await find(request.userId, request.params.id)
      const before = await experts.changeStatus(expert.userId, expert.id, { from: ALIVE, to: 'deleting' })
      try {
        const workflowId = await runs.delete(expert)
        return reply
          .status(202)
          .send(toExpertJson({ ...expert, status: 'deleting' }, { workflowId, uiUrl: runs.urlOf(workflowId), prices }))
      } catch (error) {
        if (before) await experts.changeStatus(expert.userId, expert.id, { from: ['deleting'], to: before })
        throw error
      }
    },
  })
}

/** What a new expert is made with, and keeps. */
const embeddingsOf = ({ chosen, provider, reason }: Embedders) => ({
  embeddingProvider: provider,
  embeddingModel: chosen.model,
  embeddingDimensions: chosen.dimensions,
  embeddingReason: reason,
})

/** Of an expert at rest, whatever keeps a file from being in: it failed, or was cancelled. */
const hasWorkToRetry = ({ status, progress: { files, indexed, failed } }: Expert) =>
  status === 'paused' || status === 'deleting' || failed > 0 || (AT_REST.includes(status) && indexed < files)
