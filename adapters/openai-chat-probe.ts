import OpenAI, { APIError, AuthenticationError, RateLimitError } from 'openai'
import type { ChatConfig } from '../config.ts'
import { OpenAiChatModel, toChatFailure } from './openai-chat-model.ts'

/**
 * Asks whether the server takes the key, and has the model: by the model's description, which costs nothing; where the server
 * has none, or the key may not see it, by an answer of one token.
 * @throws ChatFailure
 */
export async function probeChat(config: ChatConfig, signal: AbortSignal): Promise<'described' | 'answered'> {
  const { apiKey, baseUrl, model } = config
  const client = new OpenAI({ apiKey, baseURL: baseUrl ?? null, maxRetries: 0 })
  try {
    await client.models.retrieve(model, { signal })
    return 'described'
  } catch (error) {
    if (!mayAnswer(error)) throw toChatFailure(error, model)
  }
  const one = new OpenAiChatModel({ ...config, maxTokens: 1 })
  for await (const _ of one.stream([{ role: 'user', content: 'doctor' }], { signal }));
  return 'answered'
}

/** 404 says either that there is no such model, or no description of any. */
const mayAnswer = (error: unknown) =>
  error instanceof APIError &&
  error.status !== undefined &&
  error.status < 500 &&
  !(error instanceof AuthenticationError || error instanceof RateLimitError)
