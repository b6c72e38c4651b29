import { fastify } from 'fastify'
import { HashingEmbedder } from '../../adapters/hashing-embedder.ts'
import { countTokens } from '../../adapters/tokenizer.ts'
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

/** Speaks `POST /v1/embeddings` as OpenAI does, limits and error shapes included; its vectors are those of the hashing embedder. */
export async function startOpenAiServer(options: WireServerOptions = {}) {
  const app = fastify({ bodyLimit: 100_000_000 })
  const server = new WireServer(app, options)
  const embedded: string[] = []

  app.post<{ Body: EmbeddingsRequest }>('/v1/embeddings', async ({ headers, body }, reply) => {
    if (headers.authorization !== `Bearer ${OPENAI_TEST_KEY}`)
      return reply.status(401).send(problem('Incorrect API key provided', 'invalid_api_key'))
    const inputs = [body.input].flat()
    const fault = faultOf(inputs)
    if (fault) return reply.status(400).send(problem(fault, 'invalid_request_error'))
    const vectors = await new HashingEmbedder({ dimensions: body.dimensions ?? DEFAULT_DIMENSIONS }).embed(inputs)
    embedded.push(...inputs)
    const tokens = inputs.reduce((sum, text) => sum + countTokens(text), 0)
    const data = vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: encode(vector, body.encoding_format),
    }))
    return { object: 'list', model: body.model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } }
  })
  const url = await server.listen()
  /** `embedded`: every text that was embedded, in order, as the bill would have it. */
  return { server, embedded, baseUrl: `${url}/v1`, apiKey: OPENAI_TEST_KEY, close: () => server.close() }
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
