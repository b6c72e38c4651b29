import { fastify } from 'fastify'
import type { WireServerOptions } from './wire-server.ts'
import { WireServer } from './wire-server.ts'

type WireVector = { id: string; values: number[]; metadata?: Record<string, unknown> }
type Filter = Record<string, { $in?: unknown[]; $gte?: number; $lte?: number }>
type Index = {
  name: string
  dimension: number
  schema: unknown
  deployment: unknown
  describesUntilReady: number
  namespaces: Map<string, Map<string, WireVector>>
}
type CreateRequest = {
  name: string
  deployment: unknown
  schema: { fields: Record<string, { type: string; dimension?: number }> }
}
type QueryRequest = { namespace?: string; vector: number[]; topK: number; filter?: Filter; includeMetadata?: boolean }
type DeleteRequest = { namespace?: string; ids?: string[]; deleteAll?: boolean }

const REQUEST_BYTES = 2 * 1_048_576
const ANSWER_BYTES = 4 * 1_048_576
const RECORDS = 1_000
const VALUES = 10_000
const METADATA_BYTES = 40 * 1_024

export const PINECONE_TEST_KEY = 'pcsk_test_0000000000000000'

/** Speaks Pinecone's control and data plane (2026-07) as far as its client uses them, with its limits; keeps vectors in memory. */
export async function startPineconeServer({
  describesUntilReady = 1,
  requestBytes = REQUEST_BYTES,
  ...options
}: WireServerOptions & { readonly describesUntilReady?: number; readonly requestBytes?: number } = {}) {
  const app = fastify({ bodyLimit: requestBytes })
  const server = new WireServer(app, options)
  const indexes = new Map<string, Index>()
  let url = ''

  app.addHook('onRequest', async (request, reply) => {
    if (request.headers['api-key'] !== PINECONE_TEST_KEY)
      return reply.status(401).type('text/plain').send('Invalid API Key')
  })
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
    reply.status(error.statusCode ?? 500).send({ code: 3, message: error.message, details: [] }),
  )

  app.post<{ Body: CreateRequest }>('/indexes', async ({ body }, reply) => {
    if (indexes.has(body.name))
      return reply.status(409).send(controlProblem(409, 'ALREADY_EXISTS', 'Resource already exists'))
    const dimension = Object.values(body.schema.fields).find(({ type }) => type === 'dense_vector')?.dimension ?? 0
    const index = { ...body, dimension, describesUntilReady, namespaces: new Map() }
    indexes.set(body.name, index)
    return reply.status(201).send(model(index, url))
  })
  app.get<{ Params: { name: string } }>('/indexes/:name', async ({ params }, reply) => {
    const index = indexes.get(params.name)
    if (!index) return reply.status(404).send(controlProblem(404, 'NOT_FOUND', `Resource ${params.name} not found`))
    if (index.describesUntilReady > 0) index.describesUntilReady -= 1
    return model(index, url)
  })

  /** There is one host for all of them, so the data plane serves the index that was made last. */
  const current = (): Index => [...indexes.values()].at(-1) ?? fail(404, 'no index')
  const vectorsOf = (namespace = '') => current().namespaces.get(namespace)

  app.post<{ Body: { namespace?: string; vectors: WireVector[] } }>('/vectors/upsert', async ({ body }) => {
    const { dimension, namespaces } = current()
    if (body.vectors.length > RECORDS)
      fail(400, `Upsert batch has ${body.vectors.length} vectors, which exceeds ${RECORDS}`)
    for (const { id, values, metadata } of body.vectors) {
      if (values.length !== dimension)
        fail(400, `Vector dimension ${values.length} does not match the dimension of the index ${dimension}`)
      if (Buffer.byteLength(JSON.stringify(metadata ?? {})) > METADATA_BYTES)
        fail(400, `Metadata size of ${id} exceeds the limit`)
    }
    const vectors = namespaces.get(body.namespace ?? '') ?? new Map<string, WireVector>()
    namespaces.set(body.namespace ?? '', vectors)
    for (const vector of body.vectors) vectors.set(vector.id, vector)
    return { upsertedCount: body.vectors.length }
  })
  app.post<{ Body: QueryRequest }>('/query', async ({ body }) => {
    if (Object.values(body.filter ?? {}).some(({ $in = [] }) => $in.length > VALUES))
      fail(400, 'too many values in $in')
    const found = [...(vectorsOf(body.namespace)?.values() ?? [])].filter(({ metadata }) =>
      matchesFilter(metadata ?? {}, body.filter ?? {}),
    )
    const scored = found.map(({ id, values, metadata }) => ({
      id,
      score: cosine(values, body.vector),
      ...(body.includeMetadata && { metadata }),
    }))
    const matches = scored.sort((a, b) => b.score - a.score).slice(0, body.topK)
    if (Buffer.byteLength(JSON.stringify(matches)) > ANSWER_BYTES) fail(400, 'the answer is too large')
    return {
      matches,
      namespace: body.namespace ?? '',
      usage: { readUnits: 1 },
    }
  })
  app.post<{ Body: DeleteRequest }>('/vectors/delete', async ({ body }) => {
    const vectors = vectorsOf(body.namespace) ?? fail(404, 'Namespace not found')
    if ((body.ids?.length ?? 0) > RECORDS) fail(400, 'too many ids')
    if (body.deleteAll) current().namespaces.delete(body.namespace ?? '')
    for (const id of body.ids ?? []) vectors.delete(id)
    return {}
  })
  app.get<{ Querystring: { namespace?: string; prefix?: string; limit?: number } }>(
    '/vectors/list',
    async ({ query }) => {
      const ids = [...(vectorsOf(query.namespace ?? '')?.keys() ?? [])].filter((id) =>
        id.startsWith(query.prefix ?? ''),
      )
      return { vectors: ids.slice(0, query.limit ?? 100).map((id) => ({ id })), namespace: query.namespace }
    },
  )
  app.get<{ Querystring: { limit?: string; paginationToken?: string; prefix?: string } }>(
    '/namespaces',
    async ({ query: { limit = '100', paginationToken = '', prefix = '' } }) => {
      const all = [...current().namespaces].map(([name, vectors]) => ({ name, record_count: String(vectors.size) }))
      const rest = all
        .filter(({ name }) => name.startsWith(prefix) && name > paginationToken)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      const namespaces = rest.slice(0, Number(limit))
      const next = rest.length > namespaces.length ? namespaces.at(-1)?.name : undefined
      return { namespaces, total_count: all.length, ...(next && { pagination: { next } }) }
    },
  )
  app.post('/describe_index_stats', async () => {
    const { namespaces, dimension } = current()
    const counts = [...namespaces].map(([name, vectors]) => [name, { vectorCount: vectors.size }])
    return { namespaces: Object.fromEntries(counts), dimension, indexFullness: 0, totalVectorCount: 0 }
  })

  url = await server.listen()
  return {
    server,
    url,
    apiKey: PINECONE_TEST_KEY,
    /** As if somebody had deleted them. @returns what brings them back, with all that is in them */
    dropIndexes: () => {
      const dropped = [...indexes]
      indexes.clear()
      return () => {
        for (const [name, index] of dropped) indexes.set(name, index)
      }
    },
    vectors: (namespace: string) => [...(vectorsOf(namespace)?.values() ?? [])],
    close: () => server.close(),
  }
}

/** With `dimension`, `metric` and `spec`, which clients older than 2026 look for. */
const model = ({ name, dimension, schema, deployment, describesUntilReady }: Index, host: string) => ({
  name,
  host,
  dimension,
  metric: 'cosine',
  spec: {},
  schema,
  deployment,
  status: { ready: describesUntilReady === 0, state: describesUntilReady === 0 ? 'Ready' : 'Initializing' },
  deletion_protection: 'disabled',
})

const controlProblem = (status: number, code: string, message: string) => ({ status, error: { code, message } })

function fail(statusCode: number, message: string): never {
  throw Object.assign(new Error(message), { statusCode })
}

const matchesFilter = (metadata: Record<string, unknown>, filter: Filter) =>
  Object.entries(filter).every(
    ([field, { $in, $gte = -Infinity, $lte = Infinity }]) =>
      ($in === undefined || $in.includes(metadata[field])) &&
      !(Number(metadata[field]) < $gte || Number(metadata[field]) > $lte),
  )

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
  return dot / (Math.hypot(...a) * Math.hypot(...b) || 1)
}
