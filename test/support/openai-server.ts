import { fastify } from 'fastify'
import { HashingEmbedder } from '../../adapters/hashing-embedder.ts'
import { countTokens } from '../../adapters/tokenizer.ts'
import { OpenAiChat } from './openai-chat.ts'
import type { WireServerOptions } from './wire-server.ts'
import { WireServer } from './wire-server.ts'

type EmbeddingsRequest = {
  model: string
  input: string | string[]
  encoding_format?: 'float' | 'base64'
  dimensions?: number
}

const DEFAULT_DIMENSIONS = 1_536
const INPUTS = 2_048
const TOKENS_PER_INPUT = 8_192
const TOKENS_PER_REQUEST = 300_000

export const OPENAI_TEST_KEY = 'sk-test-0000000000000000'

export type OpenAiServerOptions = WireServerOptions & {
  /** Whether it answers with vectors that mean nothing, and counts no tokens: what it computes would be a benchmark's. */
  readonly thoughtless?: boolean
}

/** Speaks `POST /v1/embeddings`, and `POST /v1/chat/completions`, as OpenAI does, limits and error shapes included; its vectors are those of the hashing embedder. */
export async function startOpenAiServer({ thoughtless = false, ...options }: OpenAiServerOptions = {}) {
  const app = fastify({ bodyLimit: 100_000_000, forceCloseConnections: true })
  const server = new WireServer(app, options)
  const embedded: string[] = []
  const isKey = (authorization: string | undefined) => authorization === `Bearer ${OPENAI_TEST_KEY}`
  const chat = new OpenAiChat(app, isKey)

  app.post<{ Body: EmbeddingsRequest }>('/v1/embeddings', async ({ headers, body }, reply) => {
    if (!isKey(headers.authorization))
      return reply.status(401).send(problem('Incorrect API key provided', 'invalid_api_key'))
    const inputs = [body.input].flat()
    if (thoughtless)
      return answer(
        body,
        inputs.map(() => anyVector(body.dimensions)),
        inputs.length,
      )
    const fault = faultOf(inputs)
    if (fault) return reply.status(400).send(problem(fault, 'invalid_request_error'))
    const vectors = await new HashingEmbedder({ dimensions: body.dimensions ?? DEFAULT_DIMENSIONS }).embed(inputs)
    embedded.push(...inputs)
    return answer(
      body,
      vectors,
      inputs.reduce((sum, text) => sum + countTokens(text), 0),
    )
  })
  const url = await server.listen()
  /** `embedded`: every text that was embedded, in order, as the bill would have it. */
  return { server, embedded, chat, baseUrl: `${url}/v1`, apiKey: OPENAI_TEST_KEY, close: () => server.close() }
}

function answer({ model, encoding_format }: EmbeddingsRequest, vectors: readonly Float32Array[], tokens: number) {
  const data = vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: encode(vector, encoding_format),
  }))
  return { object: 'list', model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}

/** No two alike, and like a model's in that no number is short when it is written down. */
let vectorsGiven = 0
const anyVector = (dimensions = DEFAULT_DIMENSIONS) => {
  vectorsGiven += 1
  return Float32Array.from({ length: dimensions }, (_, i) => Math.sin(vectorsGiven + i))
}

function faultOf(inputs: readonly string[]): string | undefined {
  if (inputs.length > INPUTS) return `'$.input' is too long: ${inputs.length} inputs`
  if (inputs.some((text) => text === '')) return "'$.input' is invalid: an input is empty"
  const tokens = inputs.map(countTokens)
  if (tokens.some((count) => count > TOKENS_PER_INPUT))
    return `This model's maximum context length is ${TOKENS_PER_INPUT} tokens`
  if (tokens.reduce((sum, count) => sum + count, 0) > TOKENS_PER_REQUEST)
    return `Requested more than ${TOKENS_PER_REQUEST} tokens`
  return undefined
}

const encode = (vector: Float32Array, format: EmbeddingsRequest['encoding_format']) =>
  format === 'base64'
    ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
    : Array.from(vector)

const problem = (message: string, code: string) => ({
  error: { message, type: 'invalid_request_error', param: null, code },
})
