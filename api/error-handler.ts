import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ChatFailure } from '../domain/chat-failure.ts'
import { InvalidCursor } from '../domain/cursor.ts'
import { DatabaseUnavailable } from '../domain/database-unavailable.ts'
import { FAILURES, Failure } from '../domain/failure.ts'
import { QuotaExceeded } from '../domain/quota.ts'
import { TokensUsedUp } from '../domain/usage.ts'
import { PROBLEMS, Problem } from './problem.ts'
import { fromQuota, fromTokens } from './quota-problem.ts'

/** By status, or by code. */
const RETRY_AFTER_SECONDS: Readonly<Record<number | string, number>> = {
  429: 60,
  503: 5,
  REQUEST_UNDER_WAY: 2,
  UPLOAD_BUSY: 2,
}

/** Undefined where trying again is no use, or nobody knows when it is. */
export const retryAfterSeconds = (code: string, status: number): number | undefined =>
  RETRY_AFTER_SECONDS[code] ?? RETRY_AFTER_SECONDS[status]

type Body = { status: number; code: string; detail: string; retry_after_seconds?: number; [extra: string]: unknown }

/** Answers every error as `application/problem+json`: what was wrong, with which value, and what to do. */
export function handleError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body = problemBody(error, request.id)
  const { status, code } = body
  request.problem = code
  // 501 says what this installation does not have.
  if (status >= 500 && status !== 501) request.log.error({ err: error, code }, '❌ Request failed')
  const retryAfter = body.retry_after_seconds ?? retryAfterSeconds(code, status)
  if (retryAfter && !reply.hasHeader('retry-after')) reply.header('retry-after', retryAfter)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.status(status).type('application/problem+json').send(body)
}

/** `allowed`: the methods that a path takes; none where there is nothing. */
export const notFoundHandler =
  (allowed: (path: string) => readonly string[]) =>
  (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const methods = allowed(request.url.split('?')[0] ?? '')
    if (methods.length > 0) reply.header('allow', methods.join(', '))
    const detail = `(${request.method} ${request.url.slice(0, 200)})`
    return handleError(new Problem(methods.length > 0 ? 'METHOD_NOT_ALLOWED' : 'NOT_FOUND', { detail }), request, reply)
  }

/** What a client is told of an error, whether it comes as an answer or in the middle of one. */
export function problemBody(error: FastifyError | Error, requestId: string): Body {
  const { status, ...body } = toBody(error)
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, ...body, request_id: requestId }
}

function toBody(error: FastifyError | Error): Body {
  const problem = toProblem(error)
  if (problem instanceof Failure) return fromFailure(problem)
  return { status: problem.status, code: problem.code, detail: problem.message, ...problem.extra }
}

function toProblem(error: FastifyError | Error): Problem | Failure {
  if (error instanceof Problem || error instanceof Failure) return error
  if (error instanceof QuotaExceeded) return fromQuota(error)
  if (error instanceof TokensUsedUp) return fromTokens(error)
  if (error instanceof InvalidCursor) return new Problem('INVALID_CURSOR')
  if (error instanceof DatabaseUnavailable) return new Problem('DATABASE_UNAVAILABLE', { cause: error })
  if (error instanceof ChatFailure) return fromChatFailure(error)
  return fromFastify(error) ?? new Problem('INTERNAL', { cause: error })
}

function fromChatFailure(error: ChatFailure): Problem {
  return new Problem(error.code, { detail: error.message, extra: askedToWait(error), cause: error })
}

/** A failure of a store or of the embedder while a request waits for it: retry later, or the operator has to act. */
function fromFailure(failure: Failure): Body {
  const { code, message: detail } = failure
  if (code === 'OBJECT_MISSING') return { status: 404, code, detail }
  if (code === 'EMBEDDING_MODEL_MISMATCH') return { status: PROBLEMS[code][0], code, detail }
  if (FAILURES[code].retryable) return { status: 503, code, detail, ...askedToWait(failure) }
  return { status: code === 'STORAGE_NOT_CONFIGURED' ? 503 : 502, code, detail }
}

/** As long as the service said, where it did. */
const askedToWait = ({ retryAfterMs }: Failure | ChatFailure): { retry_after_seconds?: number } =>
  retryAfterMs === undefined ? {} : { retry_after_seconds: Math.max(1, Math.ceil(retryAfterMs / 1_000)) }

function fromFastify(error: FastifyError | Error): Problem | undefined {
  if ('validation' in error && error.validation) {
    const where = error.validationContext ?? 'request'
    const errors = error.validation.map(({ instancePath, message }) => ({
      where: `${where}${instancePath}`,
      message: message ?? '',
    }))
    const detail = errors.map((each) => `${each.where} ${each.message}.`).join(' ')
    return new Problem('VALIDATION_FAILED', { detail, extra: { errors } })
  }
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Problem('BODY_TOO_LARGE')
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new Problem('UNSUPPORTED_MEDIA_TYPE')
  if (code === 'FST_INVALID_MULTIPART_CONTENT_TYPE') return new Problem('FILE_PART_MISSING')
  const status = 'statusCode' in error ? Number(error.statusCode) : 500
  return status >= 400 && status < 500 ? new Problem('VALIDATION_FAILED', { detail: error.message }) : undefined
}
