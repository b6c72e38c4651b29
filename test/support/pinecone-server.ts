import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
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
/** Which index a request of the data plane is for. */
const INDEX = 'x-index'

export const PINECONE_TEST_KEY = 'pcsk_test_0000000000000000'

/** Speaks Pinecone's control and data plane (2026-07) as far as its client uses them, with its limits; keeps vectors in memory. */
export async function startPineconeServer({
  describesUntilReady = 1,
  requestBytes = REQUEST_BYTES,
  ...options
}: WireServerOptions & { readonly describesUntilReady?: number; readonly requestBytes?: number } = {}) {
  // Each index has a host of its own, which is a path here.
  const rewriteUrl = (request: IncomingMessage) => {
    const [, index, rest] = /^\/hosts\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? []
    if (index) request.headers[INDEX] = index
    return rest ?? request.url ?? '/'
  }
  const app = fastify({ bodyLimit: requestBytes, rewriteUrl })
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
  app.get('/indexes', async () => ({ indexes: [...indexes.values()].map((index) => model(index, url)) }))
  app.get<{ Params: { name: string } }>('/indexes/:name', async ({ params }, reply) => {
    const index = indexes.get(params.name)
    if (!index) return reply.status(404).send(controlProblem(404, 'NOT_FOUND', `Resource ${params.name} not found`))
    if (index.describesUntilReady > 0) index.describesUntilReady -= 1
    return model(index, url)
  })

  const indexOf = ({ headers }: FastifyRequest): Index => indexes.get(String(headers[INDEX])) ?? fail(404, 'no index')
  const vectorsOf = (request: FastifyRequest, namespace = '') => indexOf(request).namespaces.get(namespace)

  app.post<{ Body: { namespace?: string; vectors: WireVector[] } }>('/vectors/upsert', async (request) => {
    const { body } = request
    const { dimension, namespaces } = indexOf(request)
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
  app.post<{ Body: QueryRequest }>('/query', async (request) => {
    const { body } = request
    if (Object.values(body.filter ?? {}).some(({ $in = [] }) => $in.length > VALUES))
      fail(400, 'too many values in $in')
    const found = [...(vectorsOf(request, body.namespace)?.values() ?? [])].filter(({ metadata }) =>
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
  app.post<{ Body: DeleteRequest }>('/vectors/delete', async (request) => {
    const { body } = request
    const vectors = vectorsOf(request, body.namespace) ?? fail(404, 'Namespace not found')
    if ((body.ids?.length ?? 0) > RECORDS) fail(400, 'too many ids')
    if (body.deleteAll) indexOf(request).namespaces.delete(body.namespace ?? '')
    for (const id of body.ids ?? []) vectors.delete(id)
    return {}
  })
  app.get<{ Querystring: { namespace?: string; prefix?: string; limit?: number } }>(
    '/vectors/list',
    async (request) => {
      const { query } = request
      const ids = [...(vectorsOf(request, query.namespace ?? '')?.keys() ?? [])].filter((id) =>
        id.startsWith(query.prefix ?? ''),
      )
      return { vectors: ids.slice(0, query.limit ?? 100).map((id) => ({ id })), namespace: query.namespace }
    },
  )
  app.get<{ Querystring: { limit?: string; paginationToken?: string; prefix?: string } }>(
    '/namespaces',
    async (request) => {
      const { limit = '100', paginationToken = '', prefix = '' } = request.query
      const all = [...indexOf(request).namespaces].map(([name, vectors]) => ({
        name,
        record_count: String(vectors.size),
      }))
      const rest = all
        .filter(({ name }) => name.startsWith(prefix) && name > paginationToken)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      const namespaces = rest.slice(0, Number(limit))
      const next = rest.length > namespaces.length ? namespaces.at(-1)?.name : undefined
      return { namespaces, total_count: all.length, ...(next && { pagination: { next } }) }
    },
  )
  app.post('/describe_index_stats', async (request) => {
    const { namespaces, dimension } = indexOf(request)
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
    /** In whichever index they are. */
    vectors: (namespace: string) =>
      [...indexes.values()].flatMap(({ namespaces }) => [...(namespaces.get(namespace)?.values() ?? [])]),
    /** The lengths of their vectors, by their names. */
    indexes: () => Object.fromEntries([...indexes].map(([name, { dimension }]) => [name, dimension])),
    close: () => server.close(),
  }
}

/** With `dimension`, `metric` and `spec`, which clients older than 2026 look for. */
const model = ({ name, dimension, schema, deployment, describesUntilReady }: Index, url: string) => ({
  name,
  host: `${url}/hosts/${name}`,
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
