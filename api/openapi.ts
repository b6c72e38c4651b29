import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { describeOperation } from './describe-operation.ts'
import { shareComponents } from './share-components.ts'

export type DocumentationOptions = { readonly publicUrl: string }

/** For whoever has read one operation, and wonders what holds for all. */
const DESCRIPTION = `Turns uploaded files into experts: a system prompt, a voice and a searchable knowledge base.

**Errors** are problem details ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with a stable \`code\`, a sentence that says what to do, and a \`request_id\` that the log has, too. Every operation lists the codes that it may answer, with an example of each; \`docs/failure-codes.md\` has them all. What comes to no operation is answered \`MALFORMED_REQUEST\` (400), \`NOT_FOUND\` (404), \`METHOD_NOT_ALLOWED\` (405) or \`HEADERS_TOO_LARGE\` (431). 429 and most 503 say in \`Retry-After\` when to try again.

**Lists** come in pages: \`limit\` says how long one is, and \`cursor\` takes the \`next_cursor\` of the page before; on the last page it is null. Their order is stable.

**Repeats**: whatever makes something takes an \`Idempotency-Key\`. Sent again with the same key within 24 hours, a request makes nothing twice and gets the same answer; with another body it is refused (\`IDEMPOTENCY_KEY_REUSED\`).

**Edits**: an expert's \`ETag\`, sent back in \`If-Match\`, has \`PATCH\` refuse to overwrite what somebody else changed meanwhile (\`PRECONDITION_FAILED\`).

**Streams**: what is answered as \`text/event-stream\` is described in \`docs/events.md\` and \`docs/chat.md\`.`

const KEY = {
  type: 'http' as const,
  scheme: 'bearer',
  description:
    'An API key, as "Authorization: Bearer esk_…". An admin makes them (POST /keys, or expertsmith keys create); each belongs to a user, and sees the data of that user only. Its scopes are read, write and admin; each operation names the one that it takes. Until there is a key, none is needed, and this machine only is answered.',
}

/** As somebody goes through them who begins. */
const TAGS = [
  { name: 'knowledge base', description: 'The files that experts are made of. docs/formats.md says which are read.' },
  { name: 'direct uploads', description: 'Large files, sent to S3 in parts and past the API. docs/uploads.md' },
  {
    name: 'experts',
    description: 'Made of files by a workflow that goes on past those that fail. docs/events.md, docs/webhooks.md',
  },
  {
    name: 'asking',
    description: 'What an expert knows: passages, and answers that cite them. docs/search.md, docs/chat.md',
  },
  { name: 'cost', description: 'What an expert will cost, what was used, and quotas. docs/cost.md' },
  { name: 'keys', description: 'Who may do what; for admins.' },
  { name: 'operations', description: 'For those who run it. docs/operations.md' },
]

/** How the OpenAPI document is made of the routes' schemas. */
export const documentation = ({ publicUrl }: DocumentationOptions): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: { title: 'Expertsmith', version: '0.1.0', description: DESCRIPTION },
    servers: [
      { url: '/', description: 'Where this document is from.' },
      { url: publicUrl, description: 'Where clients reach it (PUBLIC_URL).' },
    ],
    components: { securitySchemes: { key: KEY } },
    security: [{ key: [] }],
    tags: TAGS,
  },
  transform: ({ schema, url, route }) => ({ schema: schema.hide ? schema : describeOperation(schema, route), url }),
  transformObject: (document) =>
    'openapiObject' in document ? shareComponents(document.openapiObject) : document.swaggerObject,
})
