import { STATUS_CODES } from 'node:http'
import type { FastifySchema, RouteOptions } from 'fastify'
import { ANSWER_HEADERS } from './answer-headers.ts'
import { scopeOfRoute } from './authentication.ts'
import { EXAMPLES } from './examples/by-operation.ts'
import { withTitles } from './schema-names.ts'

/** What the OpenAPI document says of a route beside what its schema asks for. */
export function describeOperation(plain: FastifySchema, { method, config = {} }: RouteOptions): FastifySchema {
  const schema = withTitles(plain)
  const { querystring } = schema
  const { body: bodyExample, ...examples } = EXAMPLES[schema.operationId ?? ''] ?? {}
  const body = bodyOf(schema)
  const scope = scopeOfRoute(String(method), config)
  return {
    ...schema,
    ...(isObjectSchema(querystring) && { querystring: withOptionalDefaults(querystring) }),
    ...(body !== undefined && { body: { ...body, examples: [bodyExample] } }),
    response: withExamples(schema, examples),
    security: scope === 'public' ? [] : [{ key: [scope] }],
  }
}

/** Routes read forms by themselves, part by part, so that their schemas have none. */
const FORM = {
  type: 'object',
  properties: { file: { type: 'string', format: 'binary', description: 'With a file name.' } },
  required: ['file'],
}

function bodyOf({ body, consumes }: FastifySchema): object | undefined {
  if (consumes?.includes('multipart/form-data')) return FORM
  return isObjectSchema(body) ? withOptionalDefaults(body) : (body as object | undefined)
}

function withExamples({ response, operationId = '' }: FastifySchema, examples: Readonly<Record<string, unknown>>) {
  const describe = (status: string, answer: object) => {
    const headers = ANSWER_HEADERS[operationId]?.[Number(status)]
    return {
      ...answer,
      ...(!('description' in answer) && { 'x-response-description': STATUS_CODES[status] }),
      ...(status in examples && { examples: [examples[status]] }),
      ...(headers && { headers }),
    }
  }
  const answers = Object.entries(response as Readonly<Record<string, object>>)
  return Object.fromEntries(answers.map(([status, answer]) => [status, describe(status, answer)]))
}

type ObjectSchema = { readonly properties: Readonly<Record<string, object>>; readonly required: readonly string[] }

const isObjectSchema = (schema: unknown): schema is ObjectSchema =>
  typeof schema === 'object' && schema !== null && 'properties' in schema && 'required' in schema

/** What has a default need not be sent; the schemas list it as required, since a handler always gets it. */
const withOptionalDefaults = ({ required, ...schema }: ObjectSchema) => ({
  ...schema,
  required: required.filter((name) => !('default' in (schema.properties[name] ?? {}))),
})
