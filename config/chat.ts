import type { Reader } from './reader.ts'

export type ChatConfig = {
  readonly apiKey: string
  readonly baseUrl: string | undefined
  readonly model: string
  /** The most that one question may send to the model, all in all. */
  readonly contextTokens: number
  /** The most that the model may write. */
  readonly maxTokens: number
  readonly timeoutMs: number
}

/** A key is sent to its own server only, so the two that chat may have come together. Undefined where there is no key. */
export function chat(from: Reader): ChatConfig | undefined {
  const [ownKey, ownUrl] = [from.optional('CHAT_API_KEY'), from.url('CHAT_BASE_URL')]
  if (ownUrl && !ownKey) from.missing('CHAT_API_KEY', 'sk-…')
  const apiKey = ownKey ?? from.optional('OPENAI_API_KEY')
  const settings = {
    model: from.text('CHAT_MODEL', 'gpt-5.4-mini'),
    contextTokens: from.integer('CHAT_CONTEXT_TOKENS', 8_000, { min: 1_000, max: 1_000_000 }),
    maxTokens: from.integer('CHAT_MAX_TOKENS', 2_000, { min: 1, max: 1_000_000 }),
    timeoutMs: from.duration('CHAT_TIMEOUT', '2m'),
  }
  return apiKey ? { apiKey, baseUrl: ownKey ? ownUrl : from.url('OPENAI_BASE_URL'), ...settings } : undefined
}
