import type { FastifyInstance, FastifyReply } from 'fastify'
import { countTokens } from '../../adapters/tokenizer.ts'
import type { ChatMessage } from '../../domain/ports.ts'
import type { Gate } from './gate.ts'

export type ChatRequest = {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly stream?: boolean
  readonly stream_options?: { readonly include_usage?: boolean }
  readonly temperature?: number
  readonly max_tokens?: number
  readonly max_completion_tokens?: number
}

/** What is said next: the pieces of the answer, where it waits, and how it ends. */
export type ChatScript = {
  readonly pieces: readonly string[]
  /** Stands before the last piece. */
  readonly gate?: Gate
  readonly end?: 'stop' | 'length' | 'content_filter' | 'broken off' | 'error'
}

const USUAL: ChatScript = { pieces: ['It is as the pas', 'sage says [', '1].'] }

const NO_TEMPERATURE = {
  error: { message: 'no', type: 'invalid_request_error', code: 'unsupported_value', param: 'temperature' },
}

/** `POST /v1/chat/completions`, streamed, as OpenAI does it, and `GET /v1/models/{model}`. */
export class OpenAiChat {
  readonly requests: ChatRequest[] = []
  /** Those that it describes; it answers by whatever name. */
  readonly models = new Set(['gpt-5.4-mini'])
  /** How many answers the client did not wait for. */
  left = 0
  /** As reasoning models do. */
  refusesTemperature = false
  readonly #scripts: ChatScript[] = []

  constructor(app: FastifyInstance, isKey: (authorization: string | undefined) => boolean) {
    app.get<{ Params: { model: string } }>('/v1/models/:model', async ({ headers, params }, reply) => {
      if (!isKey(headers.authorization)) return reply.status(401).send({ error: { code: 'invalid_api_key' } })
      if (!this.models.has(params.model)) return reply.status(404).send({ error: { code: 'model_not_found' } })
      return { id: params.model, object: 'model', created: 0, owned_by: 'openai' }
    })
    app.post<{ Body: ChatRequest }>('/v1/chat/completions', async ({ headers, body }, reply) => {
      if (!isKey(headers.authorization)) return reply.status(401).send({ error: { code: 'invalid_api_key' } })
      if (this.refusesTemperature && body.temperature !== undefined) return reply.status(400).send(NO_TEMPERATURE)
      this.requests.push(body)
      reply.hijack()
      await this.#answer(body, reply, this.#scripts.shift() ?? USUAL)
    })
  }

  /** What the next request is answered with, and the one after it, … */
  says(...scripts: ChatScript[]): void {
    this.#scripts.push(...scripts)
  }

  async #answer({ model, messages, stream_options }: ChatRequest, { raw }: FastifyReply, script: ChatScript) {
    const { pieces, gate, end = 'stop' } = script
    raw.writeHead(200, { 'content-type': 'text/event-stream' })
    raw.once('close', () => {
      if (!raw.writableFinished) this.left++
    })
    const send = (chunk: object) =>
      raw.write(`data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', model, ...chunk })}\n\n`)
    for (const [i, content] of pieces.entries()) {
      if (i === pieces.length - 1) await gate?.pass()
      send({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })
    }
    if (end === 'broken off') return raw.destroy()
    if (end === 'error') send({ error: { message: 'The server had an error', type: 'server_error', code: null } })
    else send({ choices: [{ index: 0, delta: {}, finish_reason: end }] })
    if (stream_options?.include_usage) send({ choices: [], usage: usageOf(messages, pieces) })
    return raw.end('data: [DONE]\n\n')
  }
}

function usageOf(messages: readonly ChatMessage[], pieces: readonly string[]) {
  const prompt_tokens = messages.reduce((sum, { content }) => sum + countTokens(content), 0)
  const completion_tokens = countTokens(pieces.join(''))
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
}
