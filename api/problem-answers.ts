import type { RouteOptions } from 'fastify'
import { Type } from 'typebox'
import type { FailureCode } from '../domain/failure.ts'
import { Failure } from '../domain/failure.ts'
import { problemBody, retryAfterSeconds } from './error-handler.ts'
import { REQUEST_ID } from './examples/ids.ts'
import { PROBLEM_EXAMPLES } from './examples/problems.ts'
import type { ProblemCode } from './problem.ts'
import { PROBLEMS, Problem } from './problem.ts'

/** Of the API, or of a store or the embedder that failed while a request waited for it. */
export type AnswerCode = ProblemCode | FailureCode

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The problems that a route may answer, beside those that come of what it takes. */
    problems?: readonly AnswerCode[]
  }
}

/** What may come of reading or writing an object. */
export const STORAGE_PROBLEMS = [
  'OBJECT_ACCESS_DENIED',
  'STORAGE_AUTH',
  'BUCKET_MISSING',
  'STORAGE_NOT_CONFIGURED',
  'STORAGE_UNAVAILABLE',
] as const satisfies FailureCode[]

/** What may come of embedding a query and looking for it. */
export const SEARCH_PROBLEMS = [
  'EMBEDDING_MODEL_MISMATCH',
  'EMBEDDING_RATE_LIMITED',
  'EMBEDDING_UNAVAILABLE',
  'EMBEDDING_QUOTA_EXHAUSTED',
  'EMBEDDING_AUTH',
  'EMBEDDING_REJECTED',
  'VECTOR_STORE_UNAVAILABLE',
  'VECTOR_STORE_AUTH',
  'DIMENSION_MISMATCH',
  'VECTOR_INDEX_MISSING',
] as const satisfies AnswerCode[]

/** Describes every problem that a route may answer: those that it declares, and those that come of what it takes. */
export function describeProblems(route: RouteOptions): void {
  const { schema, config } = route
  if (!schema?.response) return
  const problems = [...new Set([...problemsOfItsKind(route), ...(config?.problems ?? [])])]
  route.config = { ...config, problems }
  route.schema = { ...schema, response: { ...schema.response, ...answersTo(problems) } }
}

function problemsOfItsKind({ method, schema, config }: RouteOptions): AnswerCode[] {
  const { params, querystring, headers } = schema ?? {}
  const mayHaveBody = method !== 'GET' && method !== 'HEAD'
  const problems: [boolean, ...AnswerCode[]][] = [
    [true, 'TOO_MANY_REQUESTS', 'INTERNAL'],
    [config?.scope !== 'public', 'UNAUTHENTICATED', 'SCOPE_MISSING', 'HOST_NOT_ALLOWED', 'DATABASE_UNAVAILABLE'],
    [mayHaveBody || [params, querystring, headers].some(Boolean), 'VALIDATION_FAILED'],
    [mayHaveBody, 'REQUEST_TIMEOUT', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'],
    [takes(querystring, 'cursor'), 'INVALID_CURSOR'],
    [takes(headers, 'idempotency-key'), 'REQUEST_UNDER_WAY', 'IDEMPOTENCY_KEY_REUSED'],
  ]
  return problems.flatMap(([isOfItsKind, ...codes]) => (isOfItsKind ? codes : []))
}

const takes = (schema: unknown, name: string) =>
  typeof schema === 'object' && schema !== null && 'properties' in schema && name in (schema.properties as object)

/** By status. */
function answersTo(codes: readonly AnswerCode[]): Record<string, object> {
  const bodies = codes.toSorted().map((code) => problemBody(exampleOf(code), REQUEST_ID))
  const byStatus = Map.groupBy(bodies, ({ status }) => status)
  return Object.fromEntries([...byStatus].map(([status, examples]) => [status, answerOf(status, examples)]))
}

function exampleOf(code: AnswerCode): Error {
  const { detail, extra } = PROBLEM_EXAMPLES[code] ?? {}
  const particulars = { ...(detail !== undefined && { detail }), ...(extra && { extra }) }
  return isProblem(code) ? new Problem(code, particulars) : new Failure(code)
}

const isProblem = (code: AnswerCode): code is ProblemCode => Object.hasOwn(PROBLEMS, code)

const answerOf = (status: number, bodies: readonly ReturnType<typeof problemBody>[]) => ({
  description: `${bodies.map(({ code }) => `\`${code}\``).join(', ')}. Problem details (RFC 9457).`,
  ...(bodies.some(({ code }) => retryAfterSeconds(code, status)) && { headers: RETRY_AFTER }),
  content: {
    'application/problem+json': {
      schema: schemaOf(bodies.map(({ code }) => code)),
      examples: Object.fromEntries(bodies.map((value) => [value.code, { summary: value.detail, value }])),
    },
  },
})

const RETRY_AFTER = {
  'Retry-After': { type: 'integer', description: 'In how many seconds to try again, where that is known.' },
}

const schemaOf = (codes: readonly string[]) =>
  Type.Object(
    {
      type: Type.String(),
      title: Type.String(),
      status: Type.Integer(),
      code: Type.Enum([...codes], { description: 'A stable code; docs/failure-codes.md lists them all.' }),
      detail: Type.String({ description: 'What was wrong and what to do, for a person.' }),
      request_id: Type.Optional(Type.String({ description: 'As in X-Request-Id; the log of the API has it too.' })),
    },
    { additionalProperties: true, description: 'RFC 9457 problem details.' },
  )
