import OpenAI, { APIError } from 'openai'
import { ChatFailure } from '../domain/chat-failure.ts'
import type { ChatUsage } from '../domain/chat-usage.ts'
import type { CallOptions, ChatEnd, ChatMessage, ChatModel } from '../domain/ports.ts'
import { refusalOf } from './openai-refusal.ts'
import { countTokens } from './tokenizer.ts'

export type OpenAiChatOptions = {
  readonly apiKey: string
  readonly baseUrl: string | undefined
  readonly model: string
  /** The most that one answer may have. */
  readonly maxTokens: number
  /** How long one answer may take, to its last word. */
  readonly timeoutMs: number
}

type Chunk = OpenAI.ChatCompletionChunk
type Settings = { temperature?: number; max_tokens?: number; max_completion_tokens?: number }

/** Low, since an answer is to keep to its passages. */
const TEMPERATURE = 0.2

/** Chat completions of OpenAI, or of any server that speaks its protocol (`baseUrl`). */
export class OpenAiChatModel implements ChatModel {
  readonly model: string
  readonly countTokens = countTokens
  readonly #client: OpenAI
  readonly #timeoutMs: number
  /** What the model does not take, is left out from then on. */
  #settings: Settings

  constructor({ apiKey, baseUrl, model, maxTokens, timeoutMs }: OpenAiChatOptions) {
    this.model = model
    this.#timeoutMs = timeoutMs
    // OpenAI's models take the new name only, and other servers may pass over it in silence.
    this.#settings = { temperature: TEMPERATURE, [baseUrl ? 'max_tokens' : 'max_completion_tokens']: maxTokens }
    // Somebody waits, who can ask again, and is told after what time.
    this.#client = new OpenAI({ apiKey, baseURL: baseUrl ?? null, maxRetries: 0, timeout: timeoutMs })
  }

  async *stream(messages: readonly ChatMessage[], { signal }: CallOptions = {}): AsyncGenerator<string | ChatEnd> {
    const time = AbortSignal.timeout(this.#timeoutMs)
    const either = signal ? AbortSignal.any([signal, time]) : time
    try {
      yield* readAnswer(await this.#begin(messages, either), either)
    } catch (error) {
      throw toChatFailure(error, this.model, signal)
    }
  }

  async #begin(messages: readonly ChatMessage[], signal: AbortSignal): Promise<AsyncIterable<Chunk>> {
    const request = (settings: Settings) =>
      this.#client.chat.completions.create(
        {
          model: this.model,
          messages: [...messages],
          stream: true,
          stream_options: { include_usage: true },
          ...settings,
        },
        { signal },
      )
    // Of this attempt: another one may have learnt the same meanwhile.
    for (let settings = this.#settings; ; ) {
      try {
        return await request(settings)
      } catch (error) {
        const fewer = without(settings, error)
        if (!fewer) throw error
        settings = fewer
        this.#settings = without(this.#settings, error) ?? this.#settings
      }
    }
  }
}

/** The settings for another try, where the service has named one that the model does not take. */
function without(settings: Settings, error: unknown): Settings | undefined {
  if (!(error instanceof APIError) || error.status !== 400) return undefined
  const { temperature: _, ...withoutTemperature } = settings
  const { max_tokens, ...withoutMaxTokens } = settings
  if (error.param === 'temperature' && 'temperature' in settings) return withoutTemperature
  if (error.param === 'max_tokens' && max_tokens !== undefined)
    return { ...withoutMaxTokens, max_completion_tokens: max_tokens }
  return undefined
}

async function* readAnswer(chunks: AsyncIterable<Chunk>, signal: AbortSignal): AsyncGenerator<string | ChatEnd> {
  let usage: ChatUsage | undefined
  let reason: string | undefined
  for await (const chunk of chunks) {
    const [choice] = chunk.choices ?? []
    const text = choice?.delta?.content ?? choice?.delta?.refusal
    if (text) yield text
    reason = choice?.finish_reason ?? reason
    if (chunk.usage)
      usage = { promptTokens: chunk.usage.prompt_tokens, completionTokens: chunk.usage.completion_tokens }
  }
  // The client ends a stream that is aborted as if it had come to its end.
  signal.throwIfAborted()
  if (reason === undefined) throw new ChatFailure('CHAT_UNAVAILABLE', 'The answer broke off.')
  yield { isCutOff: reason === 'length', isFiltered: reason === 'content_filter', usage }
}

/** What the service says may hold the text that it was sent, or part of the key, so it stays in the cause. */
export function toChatFailure(cause: unknown, model: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason
  if (cause instanceof ChatFailure) return cause
  const { kind, status, retryAfterMs } = refusalOf(cause)
  const failure = (code: ChatFailure['code'], detail: string) => new ChatFailure(code, detail, { cause, retryAfterMs })
  switch (kind) {
    case 'unreachable':
    case 'foreign':
      return failure('CHAT_UNAVAILABLE', 'No connection, or no answer in time.')
    case 'auth':
      return failure('CHAT_AUTH', `It answered ${status}.`)
    case 'no_model':
      return failure('CHAT_AUTH', `The key, or the server, has no model ${model}; check CHAT_MODEL.`)
    case 'quota_exhausted':
      return failure('CHAT_QUOTA_EXHAUSTED', '')
    case 'rate_limited':
      return failure('CHAT_RATE_LIMITED', '')
    case 'rejected':
      return failure('CHAT_REJECTED', `It answered ${status}${namedIn(cause)}.`)
    case 'unavailable':
      return failure('CHAT_UNAVAILABLE', `It answered ${status ?? 'with an error'}.`)
  }
}

/** The names of a code and of a parameter tell what is wrong, and hold no text. */
function namedIn(cause: unknown): string {
  const { code, param } = cause as APIError
  const names = [code, param].filter((name) => typeof name === 'string' && /^[\w.]{1,60}$/.test(name))
  return names.length > 0 ? ` (${names.join(', ')})` : ''
}
