import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifySchema } from 'fastify'

const OPENAPI = {
  openapi: '3.1.0',
  components: {
    securitySchemes: {
      key: { type: 'http' as const, scheme: 'bearer', description: 'An API key; none is needed until there is one.' },
    },
  },
  security: [{ key: [] }],
  info: {
    title: 'Expertsmith',
    version: '0.1.0',
    description: 'Turns uploaded files into experts: a system prompt, a voice and a searchable knowledge base.',
  },
  tags: [
    { name: 'knowledge base', description: 'Files' },
    { name: 'experts', description: 'Experts and their knowledge' },
    { name: 'operations', description: 'For those who run it' },
  ],
}

/** How the OpenAPI document is made of the routes' schemas. */
export const DOCUMENTATION: FastifyDynamicSwaggerOptions = {
  openapi: OPENAPI,
  transform: ({ schema, url }) => ({ schema: withOptionalDefaults(schema), url }),
}

/** What has a default need not be sent; the schemas list it as required, since a handler always gets it. */
function withOptionalDefaults(schema: FastifySchema): FastifySchema {
  const { body, querystring } = schema
  return {
    ...schema,
    ...(isObjectSchema(querystring) && { querystring: optional(querystring) }),
    ...(isObjectSchema(body) && { body: optional(body) }),
  }
}

type ObjectSchema = { readonly properties: Readonly<Record<string, object>>; readonly required: readonly string[] }

const isObjectSchema = (schema: unknown): schema is ObjectSchema =>
  typeof schema === 'object' && schema !== null && 'properties' in schema && 'required' in schema

const optional = ({ required, ...schema }: ObjectSchema) => ({
  ...schema,
  required: required.filter((name) => !('default' in (schema.properties[name] ?? {}))),
})
