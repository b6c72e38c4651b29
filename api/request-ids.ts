import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isUuid } from '../domain/is-uuid.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What a request that changes something was answered. */
    answered: Answered | undefined
  }
}

type Answered = { readonly id?: unknown; readonly workflow_id?: unknown }
type Params = { readonly id?: unknown; readonly fileId?: unknown }

/** What `id` is, by how the route begins. */
const NAMES = [
  ['/experts', 'expertId'],
  ['/knowledge-base/uploads', 'uploadId'],
  ['/knowledge-base/', 'fileId'],
] as const

/** Keeps the answers that `idsOf` needs; what is read belongs to no workflow that was asked for. */
export function noteAnswers(app: FastifyInstance): void {
  app.decorateRequest('answered', undefined)
  app.addHook('preSerialization', async (request, _reply, payload) => {
    if (request.method !== 'GET') request.answered = payload as Answered
    return payload
  })
}

/** The ids of what a request was about, by which its work is found in workers' logs and in Temporal: of the path, or of what was made. */
export function idsOf({ routeOptions: { url = '' }, params, answered }: FastifyRequest): Record<string, string> {
  const { id, fileId } = (params ?? {}) as Params
  const name = NAMES.find(([prefix]) => url.startsWith(prefix))?.[1]
  // In a path that was refused they may be anything.
  return {
    ...(name && isUuid(id ?? answered?.id) && { [name]: String(id ?? answered?.id) }),
    ...(isUuid(fileId) && { fileId }),
    ...(typeof answered?.workflow_id === 'string' && { workflowId: answered.workflow_id }),
  }
}
